import Foundation
import Kernels
import Testing

/// What follows a convolution, held against plain loops in double over the convolution's own sums.
@Suite struct BlockTailTests {
  private static let outputs = 40
  private let block = ConvolutionBlock(
    window: .init(input: SIMD3(5, 7, 9), kernel: SIMD3(3, 3, 3), stride: SIMD3(1, 1, 1)), sources: [3],
    outputChannels: BlockTailTests.outputs)
  private var voxels: Int { block.window.outputCount }
  private let centre = randomFloats(BlockTailTests.outputs, seed: 21)
  private let scale = randomFloats(BlockTailTests.outputs, seed: 22, offset: 1.5)
  private let shift = randomFloats(BlockTailTests.outputs, seed: 23)
  private let floor = randomFloats(BlockTailTests.outputs, seed: 24)
  private var residual: [Float] { randomFloats(voxels * Self.outputs, seed: 25) }

  private struct Choice: CustomTestStringConvertible, Sendable {
    var normalization: BlockTail.Normalization
    var activatesFirst = false
    var adding = false
    var testDescription: String {
      "\(normalization)\(activatesFirst ? " after the activation" : "")\(adding ? " and a residual" : "")"
    }
  }

  private static let choices: [Choice] = [
    BlockTail.Normalization.fixed, .instance(epsilon: 1e-5), .group(8, epsilon: 1e-5), .group(1, epsilon: 1e-4),
    .filterResponse(epsilon: 1e-6),
  ].flatMap {
    [
      Choice(normalization: $0), Choice(normalization: $0, activatesFirst: true),
      Choice(normalization: $0, adding: true),
    ]
  }

  /// Channels-last.
  private func computed(
    _ choice: Choice, plain: Bool = false, threads: Int = 1, kernels: ActivationKernels = .best
  ) -> [Float] {
    let bench = Bench(threads: threads, scratchBytes: block.scratchBytes)
    let weights = randomFloats(Self.outputs * 81, seed: 26)
    let input = randomFloats(5 * 7 * 9 * 3, seed: 27, offset: 0.5)
    var packed = [Float](repeating: .nan, count: block.packedWeights)
    block.pack(weights, into: &packed, pool: bench.pool)
    var output = [Float](repeating: .nan, count: voxels * Self.outputs)
    var statistics = [Double](repeating: .nan, count: block.statisticsDoubles)
    var scales = [Float](repeating: .nan, count: 2 * Self.outputs)
    let vectors = centre + scale + shift + floor
    let residual = residual
    vectors.withUnsafeBufferPointer { vectors in
      input.withUnsafeBufferPointer { input in
        residual.withUnsafeBufferPointer { residual in
          statistics.withUnsafeMutableBufferPointer { statistics in
            scales.withUnsafeMutableBufferPointer { scales in
              let base = vectors.baseAddress!
              let tail =
                plain
                ? BlockTail(normalization: .fixed, activation: .none)
                : BlockTail(
                  normalization: choice.normalization, centre: base, scale: base + Self.outputs,
                  shift: base + 2 * Self.outputs, activation: .floor(base + 3 * Self.outputs),
                  activatesFirst: choice.activatesFirst)
              block.run(
                inputs: [input.baseAddress!], weights: packed, tail: tail,
                residual: choice.adding && !plain ? residual.baseAddress : nil, output: &output,
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

  private func expected(_ choice: Choice) -> [Double] {
    let sums = computed(choice, plain: true)
    var values = sums.indices.map { Double(sums[$0]) - Double(centre[$0 % Self.outputs]) }
    func floored(_ value: Double, _ index: Int) -> Double { max(value, Double(floor[index % Self.outputs])) }
    if choice.activatesFirst { values = values.indices.map { floored(values[$0], $0) } }
    /// Mean and the mean of squares about `centre(mean)`, over the channels from `first` on.
    func moments(_ first: Int, _ width: Int, about centre: (Double) -> Double) -> (mean: Double, square: Double) {
      let members = values.indices.filter { first..<first + width ~= $0 % Self.outputs }.map { values[$0] }
      let mean = members.reduce(0, +) / Double(members.count)
      return (mean, members.reduce(0) { $0 + pow($1 - centre(mean), 2) } / Double(members.count))
    }
    let normalized: [(Double) -> Double] = (0..<Self.outputs).map { channel in
      switch choice.normalization {
      case .fixed: return { $0 }
      case .instance(let epsilon):
        let (mean, variance) = moments(channel, 1) { $0 }
        return { ($0 - mean) / (variance + Double(epsilon)).squareRoot() }
      case .group(let groups, let epsilon):
        let width = Self.outputs / groups
        let (mean, variance) = moments(channel / width * width, width) { $0 }
        return { ($0 - mean) / (variance + Double(epsilon)).squareRoot() }
      case .filterResponse(let epsilon):
        let square = moments(channel, 1) { _ in 0 }.square
        return { $0 / (square + Double(epsilon)).squareRoot() }
      }
    }
    let residual = residual
    return values.indices.map { index in
      let channel = index % Self.outputs
      let y =
        normalized[channel](values[index]) * Double(scale[channel]) + Double(shift[channel])
        + (choice.adding ? Double(residual[index]) : 0)
      return choice.activatesFirst ? y : floored(y, index)
    }
  }

  @Test(arguments: choices)
  private func valuesAgreeWithPlainLoops(choice: Choice) {
    #expect(largestDifference(computed(choice), expected(choice)) < 2e-5)
  }

  @Test(arguments: choices)
  private func threadsAndInstructionSetsGiveTheSameBits(choice: Choice) throws {
    let one = bits(computed(choice))
    #expect(bits(computed(choice, threads: 3)) == one)
    for set in InstructionSet.available {
      let kernels = try #require(ActivationKernels(set))
      #expect(bits(computed(choice, kernels: kernels)) == one, "\(set)")
    }
  }
}
