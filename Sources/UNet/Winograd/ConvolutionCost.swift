package import Kernels

/// Seconds that a convolution would take on one core, to choose between methods; measured on Zen 4, good to a factor.
package struct ConvolutionCost {
  let inputChannels: Int
  let outputChannels: Int
  let price: MemoryPrice

  package init(inputChannels: Int, outputChannels: Int, price: MemoryPrice) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.price = price
  }

  /// Of the product kernels.
  private static let operationsPerSecond = 100e9
  /// To transform one vector of sixteen channels at one point, there or back: the mean of both.
  private static let secondsPerVector = 3e-9
  /// To read weights that come from memory for each patch, or a tensor.
  private static let bytesPerSecond = 25e9

  private var inputBlocks: Int { BlockedTensor.blocks(inputChannels) }
  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  /// Pairs of padded channels.
  private var pairs: Double { Double(inputBlocks * outputBlocks * BlockedTensor.lanes * BlockedTensor.lanes) }

  package func direct(_ window: ConvolutionWindow) -> Double {
    products(rows: window.outputCount, kernels: voxels(window.kernel))
  }

  package func winograd(_ transform: WinogradTransform, output: SIMD3<Int>) -> Double {
    let points = transform.pointCount
    let tiles = voxels(transform.tiles(output))
    return products(rows: tiles, kernels: points)
      + Double(points * tiles * (inputBlocks + outputBlocks)) * Self.secondsPerVector
  }

  /// A transposed convolution, and what it makes written, kept and read.
  func transposed(_ upsampling: Upsampling) -> Double {
    let input = voxels(upsampling.input)
    let factor = voxels(upsampling.factor)
    let bytes = input * factor * BlockedTensor.blocks(upsampling.outputChannels) * BlockedTensor.lanes * 4
    let made = ConvolutionCost(inputChannels: inputChannels, outputChannels: upsampling.outputChannels, price: price)
    return made.products(rows: input, kernels: factor) + Double(bytes)
      * (2 / Self.bytesPerSecond + price.secondsForByte)
  }

  func weightBytes(_ transform: WinogradTransform) -> Int { Int(pairs) * transform.pointCount * 4 }

  /// Each row under each kernel.
  private func products(rows: Int, kernels: Int) -> Double {
    pairs * Double(kernels)
      * (2 * Double(rows) / Self.operationsPerSecond + 4 / Self.bytesPerSecond + 4 * price.secondsForByte)
  }
}
