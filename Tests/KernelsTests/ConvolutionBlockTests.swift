import Kernels
import Testing

/// A block's inputs and parameters, and two ways to compute it.
private struct BlockCase: CustomTestStringConvertible {
  var extent: SIMD3<Int>
  var kernel = SIMD3(3, 3, 3)
  var stride = SIMD3(1, 1, 1)
  var sources: [Int]
  var outputs: Int
  /// Added to the inputs: makes channels' means large against their deviations.
  var offset: Float = 0

  var testDescription: String { "\(extent) kernel \(kernel) stride \(stride) \(sources) -> \(outputs) +\(offset)" }

  var block: ConvolutionBlock {
    .init(window: .init(input: extent, kernel: kernel, stride: stride), sources: sources, outputChannels: outputs)
  }
  var channels: Int { sources.reduce(0, +) }
  var taps: Int { kernel[0] * kernel[1] * kernel[2] }
  /// Channels-last, one for each source.
  var inputs: [[Float]] {
    sources.enumerated().map { randomFloats(extent[0] * extent[1] * extent[2] * $1, seed: UInt64($0), offset: offset) }
  }
  /// `[out][in][z][y][x]`.
  var weights: [Float] { randomFloats(outputs * channels * taps, seed: 7) }
  var gamma: [Float] { randomFloats(outputs, seed: 8, offset: 1.5) }
  var beta: [Float] { randomFloats(outputs, seed: 9) }

  /// By the engine's kernels, channels-last.
  func computed(threads: Int = 1, kernels: ActivationKernels = .best) -> [Float] {
    let block = block
    let bench = Bench(threads: threads, scratchBytes: block.scratchBytes)
    var packed = [Float](repeating: .nan, count: block.packedWeights)
    block.pack(weights, into: &packed, pool: bench.pool)
    var output = [Float](repeating: .nan, count: block.window.outputCount * outputs)
    var statistics = [Double](repeating: .nan, count: block.statisticsDoubles)
    var scales = [Float](repeating: .nan, count: 2 * outputs)
    // Both inputs in one array, so that there is one pointer to keep alive.
    let joined = inputs.flatMap { $0 }
    joined.withUnsafeBufferPointer { joined in
      gamma.withUnsafeBufferPointer { gamma in
        beta.withUnsafeBufferPointer { beta in
          statistics.withUnsafeMutableBufferPointer { statistics in
            scales.withUnsafeMutableBufferPointer { scales in
              var starts: [UnsafePointer<Float>] = []
              var start = joined.baseAddress!
              for input in inputs {
                starts.append(start)
                start += input.count
              }
              block.run(
                inputs: starts, weights: packed,
                tail: .init(
                  normalization: .instance(epsilon: 1e-5), scale: gamma.baseAddress!, shift: beta.baseAddress!,
                  activation: .leakyReLU(slope: 0.01)),
                output: &output,
                workplace: .init(
                  scratch: bench.scratch, statistics: statistics.baseAddress!, scales: scales.baseAddress!),
                pool: bench.pool, kernels: kernels)
            }
          }
        }
      }
    }
    return output
  }

  /// By plain loops in double, channels-last. A constant bias is added, which normalisation must cancel.
  func expected() -> [Double] {
    let output = block.window.output
    let voxels = output[0] * output[1] * output[2]
    let inputs = inputs
    let weights = weights
    var result = [Double](repeating: 0, count: voxels * outputs)
    for out in 0..<outputs {
      for voxel in 0..<voxels {
        let z = voxel / (output[1] * output[2])
        let y = voxel / output[2] % output[1]
        let x = voxel % output[2]
        var sum = 0.25
        var first = 0
        for (source, count) in sources.enumerated() {
          for tap in 0..<taps {
            let inZ = z * stride[0] + tap / (kernel[1] * kernel[2]) - kernel[0] / 2
            let inY = y * stride[1] + tap / kernel[2] % kernel[1] - kernel[1] / 2
            let inX = x * stride[2] + tap % kernel[2] - kernel[2] / 2
            guard 0..<extent[0] ~= inZ, 0..<extent[1] ~= inY, 0..<extent[2] ~= inX else { continue }
            for channel in 0..<count {
              sum +=
                Double(weights[(out * channels + first + channel) * taps + tap])
                * Double(inputs[source][((inZ * extent[1] + inY) * extent[2] + inX) * count + channel])
            }
          }
          first += count
        }
        result[voxel * outputs + out] = sum
      }
      let values = (0..<voxels).map { result[$0 * outputs + out] }
      let mean = values.reduce(0, +) / Double(voxels)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(voxels)
      for voxel in 0..<voxels {
        let y =
          (values[voxel] - mean) / (variance + 1e-5).squareRoot() * Double(gamma[out]) + Double(beta[out])
        result[voxel * outputs + out] = y > 0 ? y : y * Double(Float(0.01))
      }
    }
    return result
  }
}

@Suite struct ConvolutionBlockTests {
  private static let channelCounts = [1, 2, 3, 5, 8, 17, 32, 33]

  @Test(arguments: zip(channelCounts + channelCounts, channelCounts + channelCounts.reversed()))
  func anyChannelCountsAgreeWithPlainLoops(inputs: Int, outputs: Int) {
    let example = BlockCase(extent: SIMD3(5, 4, 7), sources: [inputs], outputs: outputs)
    // Normalised values are of order 1; products of up to 900 terms in float32.
    #expect(largestDifference(example.computed(), example.expected()) < 2e-5)
  }

  private static let shapes: [BlockCase] = [
    .init(extent: SIMD3(9, 7, 11), stride: SIMD3(2, 2, 2), sources: [5], outputs: 17),
    .init(extent: SIMD3(8, 6, 10), stride: SIMD3(1, 2, 2), sources: [3], outputs: 8),
    .init(extent: SIMD3(4, 9, 9), kernel: SIMD3(1, 3, 3), sources: [8], outputs: 5),
    .init(extent: SIMD3(4, 9, 9), kernel: SIMD3(1, 3, 3), stride: SIMD3(2, 1, 2), sources: [2], outputs: 3),
    .init(extent: SIMD3(6, 5, 8), kernel: SIMD3(3, 1, 1), stride: SIMD3(2, 2, 2), sources: [4], outputs: 4),
    .init(extent: SIMD3(6, 5, 8), kernel: SIMD3(1, 1, 1), sources: [17], outputs: 33),
    .init(extent: SIMD3(1, 21, 30), kernel: SIMD3(1, 3, 3), sources: [3], outputs: 32),
    .init(extent: SIMD3(1, 24, 16), kernel: SIMD3(1, 3, 3), stride: SIMD3(1, 2, 2), sources: [16], outputs: 24),
    .init(extent: SIMD3(5, 6, 7), sources: [8, 8], outputs: 8),
    .init(extent: SIMD3(5, 6, 7), sources: [17, 3], outputs: 16),
    .init(extent: SIMD3(1, 13, 40), kernel: SIMD3(1, 3, 3), sources: [32, 32], outputs: 32),
    // Chunks of taps: a line of taps is wider than one chunk.
    .init(extent: SIMD3(3, 4, 4), sources: [150], outputs: 40),
    // Smaller than the kernel, single voxels.
    .init(extent: SIMD3(1, 1, 2), sources: [4], outputs: 4),
    .init(extent: SIMD3(1, 2, 1), stride: SIMD3(1, 2, 1), sources: [4], outputs: 4),
  ]

  @Test(arguments: shapes)
  private func anyShapeAgreesWithPlainLoops(example: BlockCase) {
    // Few voxels can make a channel's variance tiny, which enlarges rounding.
    let tolerance = example.block.window.outputCount < 8 ? 1e-3 : 3e-5
    #expect(largestDifference(example.computed(), example.expected()) < tolerance)
  }

  @Test func aMeanFarFromZeroCostsNoMoreThanTheInputsOwnRounding() {
    // Like CT: values near 1000 that vary by 1. A float32 near 1000 is rounded to 3e-5, a sum of 27 * 3 of them to about
    // 27 * 3 * 1000 * 6e-8 = 5e-3 of a deviation of order 5. E[x^2] - E[x]^2 in float32 would be wrong in the first digit.
    let example = BlockCase(extent: SIMD3(12, 12, 12), sources: [3], outputs: 8, offset: 1000)
    let inner = interior(example, example.computed(), example.expected())
    #expect(inner < 5e-3)
  }

  /// The difference away from the border, relative to the interior's own spread: at the border zero padding meets 1000.
  private func interior(_ example: BlockCase, _ a: [Float], _ b: [Double]) -> Double {
    let e = example.extent
    var worst = 0.0
    for z in 1..<e[0] - 1 {
      for y in 1..<e[1] - 1 {
        for x in 1..<e[2] - 1 {
          for c in 0..<example.outputs {
            let i = ((z * e[1] + y) * e[2] + x) * example.outputs + c
            worst = max(worst, abs(Double(a[i]) - b[i]))
          }
        }
      }
    }
    return worst
  }

  private static let shared: [BlockCase] = [
    .init(extent: SIMD3(13, 11, 17), sources: [5], outputs: 33),
    .init(extent: SIMD3(12, 10, 16), stride: SIMD3(2, 2, 2), sources: [16, 16], outputs: 32),
    .init(extent: SIMD3(4, 4, 4), sources: [64], outputs: 96),
  ]

  @Test(arguments: shared)
  private func anyNumberOfThreadsGivesTheSameBits(example: BlockCase) {
    let one = bits(example.computed(threads: 1))
    for threads in [2, 3, 8] {
      for _ in 0..<3 { #expect(bits(example.computed(threads: threads)) == one, "\(threads) threads") }
    }
  }

  @Test(arguments: shared)
  private func anyInstructionSetGivesTheSameBits(example: BlockCase) throws {
    let best = bits(example.computed())
    for set in InstructionSet.available {
      let kernels = try #require(ActivationKernels(set))
      #expect(bits(example.computed(kernels: kernels)) == best, "\(set)")
    }
  }
}
