import Kernels
import Testing

/// Winograd's and the direct convolution on blocked tensors, against a plain loop in double: every transform, every instruction
/// set, odd extents and channel counts, edges everywhere.
@Suite struct BlockedConvolutionTests {
  static let levels = InstructionSet.available.compactMap(BlockedKernels.init)

  struct Shape: CustomStringConvertible, Sendable {
    var input: SIMD3<Int>
    var sources: [Int]
    var outputChannels: Int
    var description: String { "\(input) \(sources) to \(outputChannels)" }
  }

  /// Few tiles, in three phases; then enough for bricks, in place and not.
  static let shapes = [
    Shape(input: [5, 7, 6], sources: [3], outputChannels: 5),
    Shape(input: [4, 9, 11], sources: [17, 5], outputChannels: 33),
    Shape(input: [10, 33, 50], sources: [5, 3], outputChannels: 20),
    Shape(input: [9, 26, 49], sources: [5], outputChannels: 20),
  ]

  // Arguments are names and places in lists: structures of SIMD vectors as arguments crashed the debug tests; why is open.
  @Test(arguments: WinogradTransform.all.map(\.description), shapes.indices)
  func winogradAgreesWithThePlainLoop(name: String, shape place: Int) throws {
    let transform = try #require(WinogradTransform.all.first { $0.description == name })
    let shape = Self.shapes[place]
    let window = ConvolutionWindow(
      input: shape.input, kernel: kernel(of: transform), stride: stride(of: transform))
    #expect(transform.fits(window))
    let layer = WinogradConvolution(
      window: window, sources: shape.sources, outputChannels: shape.outputChannels, transform: transform)
    let data = ConvolutionData(window: window, shape: shape, weightScale: 0.2)
    for kernels in Self.levels {
      let bench = LayerBench(
        threads: 2, weights: layer.packedWeights, scratch: layer.scratch,
        moments: PartMoments.doubles(parts: layer.parts, channels: shape.outputChannels))
      layer.pack(data.weights, into: bench.weights, pool: bench.pool, kernels: kernels)
      let output = BlockedBench(channels: shape.outputChannels, extent: window.output)
      let moments = bench.moments(parts: layer.parts, channels: shape.outputChannels)
      layer.run(
        data.inputs.map(\.tensor), weights: bench.weights, output: output.tensor, moments: moments,
        scratch: bench.scratch, pool: bench.pool, kernels: kernels)
      // F(4,3) on three axes loses about three bits.
      let planes = output.planes
      #expect(data.plain.relativeError(of: planes) < 3e-6, "\(kernels.instructionSet)")
      #expect(output.padding.allSatisfy { $0 == 0 })
      try data.check(moments, bench, of: planes)
    }
  }

  static let kinds: [(kernel: SIMD3<Int>, stride: SIMD3<Int>)] = [
    ([3, 3, 3], [1, 1, 1]), ([1, 1, 1], [1, 1, 1]), ([3, 1, 1], [2, 1, 1]), ([1, 3, 3], [1, 2, 2]),
    ([3, 3, 3], [2, 2, 2]), ([3, 1, 3], [1, 2, 1]),
  ]

  @Test(arguments: kinds.indices, shapes.indices)
  func directAgreesWithThePlainLoop(kind: Int, shape place: Int) throws {
    let (kind, shape) = (Self.kinds[kind], Self.shapes[place])
    let window = ConvolutionWindow(input: shape.input, kernel: kind.kernel, stride: kind.stride)
    let layer = DirectConvolution(
      window: window, source: .tensors(shape.sources), outputChannels: shape.outputChannels)
    let data = ConvolutionData(window: window, shape: shape, weightScale: 0.2)
    for kernels in Self.levels {
      let bench = LayerBench(
        threads: 2, weights: layer.packedWeights, scratch: layer.scratch,
        moments: PartMoments.doubles(parts: layer.parts, channels: shape.outputChannels))
      layer.pack(data.weights, into: bench.weights, pool: bench.pool)
      let output = BlockedBench(channels: shape.outputChannels, extent: window.output)
      let moments = bench.moments(parts: layer.parts, channels: shape.outputChannels)
      layer.run(
        data.inputs.map(\.tensor), weights: bench.weights, output: output.tensor, moments: moments,
        scratch: bench.scratch, pool: bench.pool, kernels: kernels)
      let planes = output.planes
      #expect(data.plain.relativeError(of: planes) < 1e-6, "\(kernels.instructionSet)")
      #expect(output.padding.allSatisfy { $0 == 0 })
      try data.check(moments, bench, of: planes)
    }
  }

  @Test(arguments: [1, 2, 5], [MirroredAxes.none, .init(x: true), .init(z: true, y: true, x: true)])
  func theFirstConvolutionReadsTheFlippedPatch(channels: Int, mirrored: MirroredAxes) throws {
    let window = ConvolutionWindow(input: [5, 6, 19], kernel: [3, 3, 3], stride: [1, 1, 1])
    let layer = DirectConvolution(window: window, source: .planes(channels), outputChannels: 20)
    let patch = randomFloats(channels * 5 * 6 * 19, seed: 3)
    let weights = randomFloats(20 * channels * 27, seed: 4)
    var flipped: [Double] = []
    for channel in 0..<channels {
      forEachPlace(window.input) { at in
        let z = mirrored.z ? 4 - at[0] : at[0]
        let y = mirrored.y ? 5 - at[1] : at[1]
        let x = mirrored.x ? 18 - at[2] : at[2]
        flipped.append(Double(patch[((channel * 5 + z) * 6 + y) * 19 + x]))
      }
    }
    let plain = PlainConvolution(window: window, input: flipped, weights: weights)
    for kernels in Self.levels {
      let bench = LayerBench(
        threads: 2, weights: layer.packedWeights, scratch: layer.scratch,
        moments: PartMoments.doubles(parts: layer.parts, channels: 20))
      layer.pack(weights, into: bench.weights, pool: bench.pool)
      let output = BlockedBench(channels: 20, extent: window.output)
      layer.run(
        patch: patch, mirrored: mirrored, weights: bench.weights, output: output.tensor,
        moments: bench.moments(parts: layer.parts, channels: 20), scratch: bench.scratch, pool: bench.pool,
        kernels: kernels)
      #expect(plain.relativeError(of: output.planes) < 1e-6, "\(kernels.instructionSet)")
    }
  }

  /// Values around 2000 that differ by 1: sums of squares would have no digit left.
  @Test func momentsKeepTheirDigitsWhenTheMeanIsLarge() throws {
    let window = ConvolutionWindow(input: [5, 26, 33], kernel: [1, 3, 3], stride: [1, 1, 1])
    let shape = Shape(input: window.input, sources: [16], outputChannels: 16)
    let layer = WinogradConvolution(
      window: window, sources: [16], outputChannels: 16, transform: .init(z: .single, y: .four, x: .four))
    let data = ConvolutionData(window: window, shape: shape, weightScale: 0.02, offset: 200)
    for kernels in Self.levels {
      let bench = LayerBench(
        threads: 1, weights: layer.packedWeights, scratch: layer.scratch,
        moments: PartMoments.doubles(parts: layer.parts, channels: 16))
      layer.pack(data.weights, into: bench.weights, pool: bench.pool, kernels: kernels)
      let output = BlockedBench(channels: 16, extent: window.output)
      let moments = bench.moments(parts: layer.parts, channels: 16)
      layer.run(
        data.inputs.map(\.tensor), weights: bench.weights, output: output.tensor, moments: moments,
        scratch: bench.scratch, pool: bench.pool, kernels: kernels)
      try data.check(moments, bench, of: output.planes)
    }
  }
}

private func axis(_ points: Int) -> (kernel: Int, stride: Int) {
  (points == 1 ? 1 : 3, points == 5 || points == 9 ? 2 : 1)
}

private func kernel(of transform: WinogradTransform) -> SIMD3<Int> {
  SIMD3(axis(transform.points[0]).kernel, axis(transform.points[1]).kernel, axis(transform.points[2]).kernel)
}

private func stride(of transform: WinogradTransform) -> SIMD3<Int> {
  SIMD3(axis(transform.points[0]).stride, axis(transform.points[1]).stride, axis(transform.points[2]).stride)
}

/// Inputs, of which every second one waits for normalisation, weights, and what the plain loop makes of them.
private struct ConvolutionData {
  let inputs: [BlockedBench]
  let weights: [Float]
  let plain: PlainConvolution
  let voxels: Int

  init(window: ConvolutionWindow, shape: BlockedConvolutionTests.Shape, weightScale: Float, offset: Float = 0) {
    let count = window.input[0] * window.input[1] * window.input[2]
    var inputs: [BlockedBench] = []
    var values: [Double] = []
    for (index, channels) in shape.sources.enumerated() {
      let planes = randomFloats(channels * count, seed: UInt64(10 + index), offset: offset)
      if index % 2 == 0 {
        let scale = randomFloats(channels, seed: 20, offset: 1.5)
        let shift = randomFloats(channels, seed: 21)
        inputs.append(
          BlockedBench(channels: channels, extent: window.input, planes: planes, pending: (scale, shift, 0.1)))
        values += activated(planes, scale: scale, shift: shift, slope: 0.1)
      } else {
        inputs.append(BlockedBench(channels: channels, extent: window.input, planes: planes))
        values += planes.map(Double.init)
      }
    }
    let taps = window.kernel[0] * window.kernel[1] * window.kernel[2]
    self.inputs = inputs
    weights = randomFloats(shape.outputChannels * shape.sources.reduce(0, +) * taps, seed: 30).map { $0 * weightScale }
    plain = PlainConvolution(window: window, input: values, weights: weights)
    voxels = window.outputCount
  }

  /// Holds the normalisation made from moments against that of the values that were written.
  func check(_ moments: PartMoments, _ bench: LayerBench, of values: [Float]) throws {
    let values = values.map(Double.init)
    let tolerance = 1e-5
    let channels = values.count / voxels
    let padded = BlockedTensor.blocks(channels) * BlockedTensor.lanes
    var scale = [Float](repeating: .nan, count: padded)
    var shift = scale
    moments.normalization(
      gamma: [Float](repeating: 1, count: padded), beta: [Float](repeating: 0, count: padded), epsilon: 0,
      scale: &scale, shift: &shift, pool: bench.pool)
    for channel in 0..<channels {
      let plane = values[channel * voxels..<(channel + 1) * voxels]
      let mean = plane.reduce(0, +) / Double(voxels)
      let variance = plane.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(voxels)
      #expect(abs(Double(scale[channel]) * variance.squareRoot() - 1) < tolerance)
      #expect(
        abs(Double(shift[channel]) + mean / variance.squareRoot()) < tolerance * (1 + abs(mean) / variance.squareRoot())
      )
    }
  }
}
