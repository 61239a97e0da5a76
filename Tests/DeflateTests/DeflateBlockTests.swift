import Deflate
import Foundation
import Testing
import Testkit

@Suite struct DeflateBlockTests {
  /// CRC-32 of "123456789", the check value of every table of checksums.
  @Test func checksumIsZips() {
    let bytes = Array("123456789".utf8)
    bytes.withUnsafeBytes { whole in
      #expect(DeflateBlock.checksum(of: whole) == 0xCBF4_3926)
      for cut in 0...bytes.count {
        let first = UnsafeRawBufferPointer(rebasing: whole[..<cut])
        let second = UnsafeRawBufferPointer(rebasing: whole[cut...])
        let sums = [first, second].map { DeflateBlock.checksum(of: $0) }
        #expect(DeflateBlock.combine(sums[0], sums[1], length: second.count) == 0xCBF4_3926)
      }
    }
  }

  /// A block that repeats what was before it is as small as a reference to it.
  @Test func theDictionaryIsUsed() throws {
    var generator = SplitMix64(seed: 4)
    let noise = (0..<1 << 14).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try noise.withUnsafeBytes { bytes in
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      let alone = try #require(DeflateBlock(bytes, dictionary: none, isLast: true, level: 6))
      let again = try #require(DeflateBlock(bytes, dictionary: bytes, isLast: true, level: 6))
      #expect(alone.bytes.count > noise.count && again.bytes.count < noise.count / 20)
      #expect(alone.checksum == again.checksum && alone.length == noise.count)
      let empty = try #require(DeflateBlock(none, dictionary: none, isLast: true, level: 6))
      #expect(empty.bytes == [3, 0] && empty.checksum == 0, "the shortest stream")
    }
  }
}
