/// Numbers of a tensor as torch reads them.
struct TorchReference {
  var name: String
  var count: Int
  var first: Double
  var last: Double
  var sumOfSquares: Double

  /// `t = torch.load(…)['state_dict'][name].flatten()`: `t.numel()`, `t[0]`, `t[-1]`, `t.double().square().sum()`,
  /// for the checkpoint in Task501/model/fold_0, by torch 2.13.
  static let task501Fold0 = [
    TorchReference(
      name: "conv_blocks_localization.0.0.blocks.0.conv.weight", count: 55296, first: -0.052499547600746155,
      last: 0.04946671798825264, sumOfSquares: 63.79108041673172),
    TorchReference(
      name: "conv_blocks_context.0.blocks.0.conv.weight", count: 216, first: 0.1389378160238266,
      last: 0.3550437390804291, sumOfSquares: 22.910239013778806),
    TorchReference(
      name: "conv_blocks_context.3.1.blocks.0.instnorm.bias", count: 64, first: -0.0021356965880841017,
      last: -0.0017526737647131085, sumOfSquares: 0.00012078222313407206),
    TorchReference(
      name: "tu.1.weight", count: 4096, first: 0.08921592682600021,
      last: -0.06484438478946686, sumOfSquares: 60.27866436893539),
    TorchReference(
      name: "seg_outputs.2.weight", count: 24, first: -0.9878828525543213,
      last: 1.001960039138794, sumOfSquares: 15.162908900615166),
  ]
}
