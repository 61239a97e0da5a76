/// One of the terms whose sum a Winograd convolution is: some of its input channels under one transform.
struct WinogradTerm: Sendable {
  let transform: WinogradTransform
  /// Extent of these inputs.
  let input: SIMD3<Int>
  let inputs: BlockedChannels
  let outputChannels: Int
  /// Tiles that cover the output, per axis.
  let tiles: SIMD3<Int>

  /// - Parameter sources: channels of each input tensor, in the order of concatenation.
  init(
    transform: WinogradTransform, input: SIMD3<Int>, output: SIMD3<Int>, sources: [Int], outputChannels: Int
  ) {
    self.transform = transform
    self.input = input
    self.outputChannels = outputChannels
    inputs = BlockedChannels(sources)
    tiles = transform.tiles(output)
  }

  var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  var outputWidth: Int { outputBlocks * BlockedTensor.lanes }
  /// Floats of the packed weights.
  var packedWeights: Int { transform.pointCount * outputWidth * inputs.padded }
  /// Floats of one transformed tile, before or after the products.
  var tileFloats: Int { transform.pointCount * max(inputs.padded, outputWidth) }
}
