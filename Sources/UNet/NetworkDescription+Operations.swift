public import ModelPlans

extension NetworkDescription {
  /// Floating-point operations of one forward pass counted as direct convolution, whatever the executor does: for a convolution
  /// 2 x output voxels x input channels x output channels x kernel volume, for a transposed convolution (stride equal to
  /// kernel) 2 x output voxels x input channels x output channels. Normalisation and activation aren't counted.
  public var forwardOperations: Double {
    let layers =
      (0...poolings).flatMap(encoder) + (0..<poolings).flatMap(decoder) + (0..<poolings).map(upsampling)
      + [head(level: 0)]
    return layers.reduce(0) { $0 + operations(of: $1) }
  }

  /// Operations of one layer, as in `forwardOperations`.
  public func operations(of layer: NetworkLayer) -> Double {
    let outputVoxels = strides[..<layer.level].reduce(patch.reduce(1, *)) { $0 / $1.reduce(1, *) }
    let taps = layer.kind == .transposedConvolution ? 1 : layer.kernel.reduce(1, *)
    return 2 * Double(outputVoxels) * Double(layer.inputChannels) * Double(layer.outputChannels) * Double(taps)
  }
}
