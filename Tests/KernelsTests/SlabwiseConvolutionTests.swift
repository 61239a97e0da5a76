import Testing

@testable import Kernels

/// A transposed convolution and the one that reads it, slab by slab, against both layers one after the other.
@Suite struct SlabwiseConvolutionTests {
  struct Case: Sendable {
    var factor: SIMD3<Int>
    var coarse: SIMD3<Int>
    var kernel: SIMD3<Int>
    var transform: WinogradTransform
    /// Channels of the transposed convolution's input, of what it makes, of the skip connection, of the output.
    var channels: [Int]
  }

  /// Three axes; an odd number of planes; planes apart; an axis that isn't doubled; slabs of one plane that come in pairs.
  static let cases = [
    Case(
      factor: [2, 2, 2], coarse: [20, 8, 16], kernel: [3, 3, 3], transform: .init(z: .four, y: .four, x: .four),
      channels: [20, 18, 5, 19]),
    Case(
      factor: [2, 2, 2], coarse: [21, 9, 17], kernel: [3, 3, 3], transform: .init(z: .two, y: .four, x: .four),
      channels: [3, 16, 16, 16]),
    Case(
      factor: [1, 2, 2], coarse: [40, 9, 17], kernel: [3, 3, 3], transform: .init(z: .four, y: .two, x: .two),
      channels: [18, 4, 5, 17]),
    Case(
      factor: [2, 2, 2], coarse: [17, 30, 33], kernel: [1, 3, 3], transform: .init(z: .single, y: .four, x: .four),
      channels: [5, 20, 18, 3]),
  ]

  @Test(arguments: cases.indices) func hasTheBitsOfBothLayers(number: Int) throws {
    let shape = Self.cases[number]
    let (inputs, made, skipped, outputs) = (
      shape.channels[0], shape.channels[1], shape.channels[2], shape.channels[3]
    )
    let upsampling = BlockedUpsampling(
      input: shape.coarse, factor: shape.factor, inputChannels: inputs, outputChannels: made)
    let window = ConvolutionWindow(input: upsampling.output, kernel: shape.kernel, stride: [1, 1, 1])
    let convolution = WinogradConvolution(
      window: window, sources: [made, skipped], outputChannels: outputs, transform: shape.transform)
    let both = try #require(SlabwiseConvolution(upsampling: upsampling, convolution: convolution))
    #expect(both.heldPlanes < upsampling.output[0])

    func source(_ channels: Int, _ extent: SIMD3<Int>, seed: UInt64) -> BlockedBench {
      BlockedBench(
        channels: channels, extent: extent, planes: randomFloats(channels * extent.product, seed: seed),
        pending: (randomFloats(channels, seed: seed + 1, offset: 1.5), randomFloats(channels, seed: seed + 2), 0.1))
    }
    let coarse = source(inputs, shape.coarse, seed: 1)
    let skip = source(skipped, window.input, seed: 4)
    let upsamplingWeights = randomFloats(inputs * made * shape.factor.product, seed: 7)
    let weights = randomFloats(outputs * (made + skipped) * shape.kernel.product, seed: 8)
    for kernels in BlockedConvolutionTests.levels {
      func bench(threads: Int) -> LayerBench {
        let bench = LayerBench(
          threads: threads, weights: both.packedWeights, scratch: both.scratch,
          moments: PartMoments.doubles(parts: both.parts, channels: outputs))
        upsampling.pack(upsamplingWeights, into: bench.weights, pool: bench.pool)
        convolution.pack(
          weights, into: bench.weights + upsampling.packedWeights, pool: bench.pool, kernels: kernels)
        return bench
      }
      let apart = bench(threads: 2)
      let whole = BlockedBench(channels: made, extent: upsampling.output)
      let expected = BlockedBench(channels: outputs, extent: window.output)
      upsampling.run(
        coarse.tensor, weights: apart.weights, target: whole.tensor, scratch: apart.scratch, pool: apart.pool,
        kernels: kernels)
      convolution.run(
        [whole.tensor, skip.tensor], weights: apart.weights + upsampling.packedWeights, output: expected.tensor,
        moments: apart.moments(parts: both.parts, channels: outputs), scratch: apart.scratch, pool: apart.pool,
        kernels: kernels)
      for (order, threads) in [(SlabOrder.any, 1), (.forward, 3), (.backward, 2)] {
        let bench = bench(threads: threads)
        let output = BlockedBench(channels: outputs, extent: window.output)
        both.run(
          coarse.tensor, [skip.tensor], weights: bench.weights, output: output.tensor,
          moments: bench.moments(parts: both.parts, channels: outputs), order: order, scratch: bench.scratch,
          pool: bench.pool, kernels: kernels)
        #expect(bits(output.planes) == bits(expected.planes), "\(order), \(kernels.instructionSet)")
        for channel in 0..<outputs {
          let moments = bench.moments(parts: both.parts, channels: outputs).combined(channel: channel)
          #expect(moments == apart.moments(parts: both.parts, channels: outputs).combined(channel: channel))
        }
      }
    }
  }

  /// Where most of the upsampled tensor would be held, it is made as a whole.
  @Test func fewSlabsAreLeftToBothLayers() {
    let upsampling = BlockedUpsampling(input: [6, 16, 16], factor: [2, 2, 2], inputChannels: 16, outputChannels: 16)
    let convolution = WinogradConvolution(
      window: ConvolutionWindow(input: [12, 32, 32], kernel: [3, 3, 3], stride: [1, 1, 1]), sources: [16, 16],
      outputChannels: 16, transform: .init(z: .four, y: .four, x: .four))
    #expect(convolution.slab != nil)
    #expect(SlabwiseConvolution(upsampling: upsampling, convolution: convolution) == nil)
  }
}
