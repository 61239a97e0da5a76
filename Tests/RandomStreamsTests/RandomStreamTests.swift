import Foundation
import RandomStreams
import Testing

@Suite struct RandomStreamTests {
  /// Bounds: six deviations of the mean of 20 000 draws.
  @Test func numbersHaveTheirDistribution() {
    var random = RandomStream(seed: 5, name: SIMD3(1, 2, 3))
    let count = 20_000
    let uniform = (0..<count).map { _ in random.uniform(-2...3) }
    #expect(uniform.allSatisfy { (-2...3).contains($0) })
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 6 * 5 / 12.0.squareRoot() / Double(count).squareRoot())
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<count { counts[random.integer(3...9) - 3] += 1 }
    let expected = Double(count) / 7
    #expect(counts.allSatisfy { abs(Double($0) - expected) < 6 * expected.squareRoot() })
    let normal = (0..<count / 2).flatMap { _ in
      let pair = random.normals()
      return [pair.0, pair.1]
    }
    let root = Double(count).squareRoot()
    #expect(abs(normal.reduce(0, +)) < 6 * root)
    #expect(abs(normal.map { $0 * $0 - 1 }.reduce(0, +)) < 6 * 2.0.squareRoot() * root)
    #expect(abs(normal.map { $0 * $0 * $0 * $0 - 3 }.reduce(0, +)) < 6 * 96.0.squareRoot() * root)
    // Of the normal distribution 15.87 % lie above 1.
    let above = Double(normal.count { $0 > 1 })
    #expect(abs(above - 0.158655 * Double(count)) < 6 * (0.1335 * Double(count)).squareRoot())
    for _ in 0..<20 { #expect(random.permutation(9).sorted() == Array(0..<9)) }
  }

  /// Neighbouring seeds and names must not give the same numbers, nor the same ones later in the stream.
  @Test func streamsHaveNoNumbersInCommon() {
    var seen: Set<UInt64> = []
    var streams: [RandomStream] = []
    for seed in [1, 2, 3, 1 << 32 | 1] as [UInt64] {
      for name in [SIMD3<UInt32>(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)] {
        streams.append(RandomStream(seed: seed, name: name))
      }
    }
    let count = 200
    for index in streams.indices { for _ in 0..<count { seen.insert(streams[index].doubleWord()) } }
    #expect(seen.count == streams.count * count)
  }
}
