internal import Kernels
internal import UNet

/// How a convolution is computed while its weights change: as in the winograd engine, but each step has to transform the weights anew,
/// which isn't worth it for few voxels.
enum TrainingMethod {
  /// To transform one weight at one point, on one core; measured on Zen 4, good to a factor.
  private static let secondsPerPoint = 0.3e-9

  /// The cheapest transform; `nil` for a direct convolution. It looks at shapes alone.
  /// - Parameter batch: samples that share the transformed weights.
  static func transform(
    window: ConvolutionWindow, inputChannels: Int, outputChannels: Int, price: MemoryPrice, batch: Int
  ) -> WinogradTransform? {
    let cost = ConvolutionCost(inputChannels: inputChannels, outputChannels: outputChannels, price: price)
    var best: (transform: WinogradTransform?, seconds: Double) = (nil, cost.direct(window))
    for transform in WinogradTransform.all where transform.fits(window) {
      let packing = Double(inputChannels * outputChannels * transform.pointCount) * secondsPerPoint
      let seconds = cost.winograd(transform, output: window.output) + packing / Double(batch)
      if seconds < best.seconds { best = (transform, seconds) }
    }
    return best.transform
  }
}
