import Kernels
import Testing

/// A convolution joined with the transposed convolution before it, against both one after the other in double.
@Suite struct UpsampledConvolutionTests {
  struct Case: Sendable {
    var name: String
    var coarse: SIMD3<Int>
    var kernel: SIMD3<Int>
    /// Channels of the transposed convolution's input, of what it makes, of the skip connection, of the output.
    var channels: [Int]
  }

  /// In phases, then in bricks; tiles that end beyond the output; an axis that isn't doubled; two dimensions.
  static let cases = [
    Case(name: "few tiles", coarse: [3, 5, 6], kernel: [3, 3, 3], channels: [7, 5, 3, 9]),
    Case(name: "bricks", coarse: [10, 9, 25], kernel: [3, 3, 3], channels: [20, 18, 17, 19]),
    Case(name: "same depth", coarse: [6, 17, 30], kernel: [3, 3, 3], channels: [18, 4, 5, 17]),
    Case(name: "flat kernels", coarse: [5, 9, 33], kernel: [1, 3, 3], channels: [5, 20, 18, 3]),
    Case(name: "one plane", coarse: [1, 37, 50], kernel: [1, 3, 3], channels: [33, 16, 16, 16]),
  ]

  @Test(arguments: cases.map(\.name), WinogradTransform.doubled.map(\.description))
  func agreesWithBothLayersOneAfterTheOther(name: String, transform: String) throws {
    let shape = try #require(Self.cases.first { $0.name == name })
    let upsampled = try #require(WinogradTransform.doubled.first { $0.description == transform })
    let factor = SIMD3(upsampled.outputs[0] == 8 ? 2 : 1, 2, 2)
    let fine = shape.coarse &* factor
    let window = ConvolutionWindow(input: fine, kernel: shape.kernel, stride: [1, 1, 1])
    guard upsampled.fits(window, upsampledBy: factor) else { return }
    let data = UpsampledData(shape, factor: factor, window: window)

    for plainTransform in WinogradTransform.all
    where plainTransform.fits(window) && plainTransform.dividesTiles(of: upsampled) {
      let layer = WinogradConvolution(
        window: window, factor: factor, upsampledFrom: shape.channels[0], upsampledTransform: upsampled,
        sources: [shape.channels[2]], outputChannels: shape.channels[3], transform: plainTransform)
      for kernels in BlockedConvolutionTests.levels {
        let bench = LayerBench(
          threads: 2, weights: layer.packedWeights, scratch: layer.scratch,
          moments: PartMoments.doubles(parts: layer.parts, channels: shape.channels[3]))
        layer.pack(
          data.weights, upsampling: data.upsampling, upsampledChannels: shape.channels[1], into: bench.weights,
          pool: bench.pool, kernels: kernels)
        let output = BlockedBench(channels: shape.channels[3], extent: fine)
        layer.run(
          [data.coarse.tensor, data.skip.tensor], weights: bench.weights, output: output.tensor,
          moments: bench.moments(parts: layer.parts, channels: shape.channels[3]), scratch: bench.scratch,
          pool: bench.pool, kernels: kernels)
        #expect(data.plain.relativeError(of: output.planes) < 3e-6, "\(plainTransform) \(kernels.instructionSet)")
        #expect(output.padding.allSatisfy { $0 == 0 })
      }
    }
  }
}

/// Inputs that wait for normalisation, weights of both layers, and the convolution on what the transposed one makes.
private struct UpsampledData {
  let coarse: BlockedBench
  let skip: BlockedBench
  let weights: [Float]
  let upsampling: [Float]
  let plain: PlainConvolution

  init(_ shape: UpsampledConvolutionTests.Case, factor: SIMD3<Int>, window: ConvolutionWindow) {
    let (inputs, made, skipped, outputs) = (
      shape.channels[0], shape.channels[1], shape.channels[2], shape.channels[3]
    )
    let scale = randomFloats(inputs + skipped, seed: 1, offset: 1.5)
    let shift = randomFloats(inputs + skipped, seed: 2)
    func source(_ channels: Range<Int>, _ extent: SIMD3<Int>) -> (BlockedBench, [Double]) {
      let planes = randomFloats(
        channels.count * extent[0] * extent[1] * extent[2], seed: UInt64(3 + channels.lowerBound))
      let (scale, shift) = (Array(scale[channels]), Array(shift[channels]))
      return (
        BlockedBench(channels: channels.count, extent: extent, planes: planes, pending: (scale, shift, 0.1)),
        activated(planes, scale: scale, shift: shift, slope: 0.1)
      )
    }
    let (coarse, coarseValues) = source(0..<inputs, shape.coarse)
    let (skip, skipValues) = source(inputs..<inputs + skipped, window.input)
    let boxes = factor[0] * factor[1] * factor[2]
    let upsampling = randomFloats(inputs * made * boxes, seed: 5)
    let taps = window.kernel[0] * window.kernel[1] * window.kernel[2]

    var values: [Double] = []
    for out in 0..<made {
      forEachPlace(window.input) { place in
        let at = SIMD3(place[0] / factor[0], place[1] / factor[1], place[2] / factor[2])
        let offset = place &- at &* factor
        let box = (offset[0] * factor[1] + offset[1]) * factor[2] + offset[2]
        let voxel = (at[0] * shape.coarse[1] + at[1]) * shape.coarse[2] + at[2]
        let plane = shape.coarse[0] * shape.coarse[1] * shape.coarse[2]
        var sum = 0.0
        for channel in 0..<inputs {
          sum += Double(upsampling[(channel * made + out) * boxes + box]) * coarseValues[channel * plane + voxel]
        }
        values.append(sum)
      }
    }
    self.coarse = coarse
    self.skip = skip
    self.upsampling = upsampling
    weights = randomFloats(outputs * (made + skipped) * taps, seed: 6).map { $0 * 0.2 }
    plain = PlainConvolution(window: window, input: values + skipValues, weights: weights)
  }
}
