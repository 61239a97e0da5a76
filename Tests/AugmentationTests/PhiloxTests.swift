import Augmentation
import Foundation
import Testing

@Suite struct PhiloxTests {
  /// Known answers of Random123, the authors' own implementation.
  @Test func publishedVectorsAreMet() {
    let vectors: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
      (.init(0, 0, 0, 0), .init(0, 0), .init(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (
        .init(repeating: .max), .init(repeating: .max), .init(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        .init(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), .init(0xa409_3822, 0x299f_31d0),
        .init(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for (counter, key, expected) in vectors { #expect(Philox.block(counter: counter, key: key) == expected) }
  }

  private static func stream(_ seed: UInt64 = 1, epoch: Int = 0, iteration: Int = 0, item: Int = 0) -> RandomStream {
    RandomStream(
      seed: seed, index: BatchIndex(.training, epoch: epoch, iteration: iteration), item: item, purpose: .parameters)
  }

  @Test func streamsDiffer() {
    let index = BatchIndex(.training, epoch: 1, iteration: 2)
    var streams = [
      Self.stream(), Self.stream(2), Self.stream(1 << 32 | 1), Self.stream(epoch: 1), Self.stream(iteration: 1),
      Self.stream(item: 1), RandomStream(seed: 1, index: index, item: 3, purpose: .noise),
      RandomStream(seed: 1, index: index, item: 3, purpose: .parameters),
      RandomStream(seed: 1, index: BatchIndex(.validation, epoch: 1, iteration: 2), item: 3, purpose: .parameters),
    ]
    var words: Set<[UInt32]> = []
    for index in streams.indices { words.insert((0..<4).map { _ in streams[index].word() }) }
    #expect(words.count == streams.count)
  }

  /// Bounds: six deviations of the mean of 20 000 draws.
  @Test func numbersHaveTheirDistribution() {
    var random = Self.stream(5)
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
}
