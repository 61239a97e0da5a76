import Kernels
import Testing

@Suite struct UpsamplingTests {
  private struct Example: CustomTestStringConvertible {
    var input: SIMD3<Int>
    var factor: SIMD3<Int>
    var inputs: Int
    var outputs: Int
    var testDescription: String { "\(input) x \(factor), \(inputs) -> \(outputs)" }
  }

  private static let examples: [Example] = [
    .init(input: SIMD3(3, 5, 7), factor: SIMD3(2, 2, 2), inputs: 5, outputs: 3),
    .init(input: SIMD3(5, 9, 11), factor: SIMD3(1, 2, 2), inputs: 17, outputs: 8),
    .init(input: SIMD3(4, 3, 5), factor: SIMD3(2, 1, 1), inputs: 1, outputs: 33),
    .init(input: SIMD3(1, 19, 21), factor: SIMD3(1, 2, 2), inputs: 32, outputs: 16),
    .init(input: SIMD3(2, 2, 2), factor: SIMD3(1, 1, 1), inputs: 2, outputs: 2),
  ]

  @Test(arguments: examples)
  private func agreesWithPlainLoops(example: Example) {
    let upsampling = Upsampling(
      input: example.input, factor: example.factor, inputChannels: example.inputs, outputChannels: example.outputs)
    let bench = Bench(threads: 2, scratchBytes: upsampling.scratchBytes)
    let (input, factor, output) = (example.input, example.factor, upsampling.output)
    let taps = factor[0] * factor[1] * factor[2]
    let source = randomFloats(input[0] * input[1] * input[2] * example.inputs, seed: 1)
    let weights = randomFloats(example.inputs * example.outputs * taps, seed: 2)
    var packed = [Float](repeating: .nan, count: upsampling.packedWeights)
    upsampling.pack(weights, into: &packed, pool: bench.pool)
    var result = [Float](repeating: .nan, count: output[0] * output[1] * output[2] * example.outputs)
    upsampling.run(source: source, weights: packed, target: &result, scratch: bench.scratch, pool: bench.pool)

    var expected = [Double](repeating: 0, count: result.count)
    for z in 0..<output[0] {
      for y in 0..<output[1] {
        for x in 0..<output[2] {
          let from = ((z / factor[0] * input[1]) + y / factor[1]) * input[2] + x / factor[2]
          let tap = (z % factor[0] * factor[1] + y % factor[1]) * factor[2] + x % factor[2]
          for out in 0..<example.outputs {
            for channel in 0..<example.inputs {
              expected[((z * output[1] + y) * output[2] + x) * example.outputs + out] +=
                Double(source[from * example.inputs + channel])
                * Double(weights[(channel * example.outputs + out) * taps + tap])
            }
          }
        }
      }
    }
    #expect(largestDifference(result, expected) < 1e-5)
  }
}
