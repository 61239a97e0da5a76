internal import Kernels

/// How the winograd engine computes a convolution.
enum ConvolutionMethod: Hashable {
  case direct
  case winograd(WinogradTransform)

  /// The cheapest by a rough count of what each would cost one core. It looks at shapes alone, so that a network is computed in the
  /// same way, with the same bits, on every machine of one instruction set.
  static func cheapest(window: ConvolutionWindow, inputChannels: Int, outputChannels: Int) -> ConvolutionMethod {
    let cost = Cost(window: window, inputChannels: inputChannels, outputChannels: outputChannels)
    var best = (method: ConvolutionMethod.direct, seconds: cost.direct)
    for transform in WinogradTransform.all where transform.fits(window) {
      let seconds = cost.winograd(transform)
      if seconds < best.seconds { best = (.winograd(transform), seconds) }
    }
    return best.method
  }
}

/// Seconds that a method would take on one core, to choose between methods; measured on Zen 4, good to a factor.
private struct Cost {
  let window: ConvolutionWindow
  let inputChannels: Int
  let outputChannels: Int

  /// Of the product kernels.
  private static let operationsPerSecond = 100e9
  /// To transform one vector of sixteen channels at one point, there or back: the mean of both.
  private static let secondsPerVector = 3e-9
  /// To read weights that come from memory for each patch.
  private static let bytesPerSecond = 25e9

  private var inputBlocks: Int { BlockedTensor.blocks(inputChannels) }
  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  /// Pairs of padded channels.
  private var pairs: Double { Double(inputBlocks * outputBlocks * BlockedTensor.lanes * BlockedTensor.lanes) }

  var direct: Double {
    let taps = Double(voxels(window.kernel))
    return pairs * taps * (2 * Double(window.outputCount) / Self.operationsPerSecond + 4 / Self.bytesPerSecond)
  }

  func winograd(_ transform: WinogradTransform) -> Double {
    let tiles = Double(voxels(transform.tiles(window.output)))
    let points = Double(transform.pointCount)
    let products = pairs * points * (2 * tiles / Self.operationsPerSecond + 4 / Self.bytesPerSecond)
    return products + points * tiles * Double(inputBlocks + outputBlocks) * Self.secondsPerVector
  }
}
