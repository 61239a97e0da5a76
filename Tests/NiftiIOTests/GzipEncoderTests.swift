import Foundation
import Testing
import Testkit

@testable import NiftiIO

@Suite struct GzipEncoderTests {
  private func gzip(
    _ bytes: [UInt8], blockSize: Int, loop: ParallelLoop = LabelMap.oneAfterAnother
  ) throws -> [UInt8] {
    try bytes.withUnsafeBytes { try GzipEncoder.encode([$0], blockSize: blockSize, inParallel: loop) }
  }

  private func inflated(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    let stream = try InflatingStream(ByteSource(bytes))
    var result = [UInt8](repeating: 0, count: count + 1)
    let got = try result.withUnsafeMutableBytes { try stream.read(into: $0) }
    return Array(result[..<got])
  }

  /// Labels' long runs and noise, which grows when it is compressed, in blocks shorter and longer than deflate's window.
  @Test(arguments: [1, 100, 40_000, 1 << 20], [0, 1, 99, 100, 101, 130_000])
  func blocksAreOneMember(blockSize: Int, count: Int) throws {
    if blockSize == 1, count > 1000 { return }  // nothing new, and slow
    var random = SplitMix64(seed: UInt64(count))
    for isNoise in [false, true] {
      let bytes = (0..<count).map { isNoise ? UInt8.random(in: 0...255, using: &random) : UInt8($0 / 700 % 3) }
      let member = try gzip(bytes, blockSize: blockSize)
      // zlib checks length and sum; a second member would be read too, so the end must be the first's.
      #expect(try inflated(member, count: count) == bytes)
    }
  }

  @Test func theOrderInWhichBlocksAreCompressedDoesNotMatter() throws {
    let bytes = (0..<50_000).map { UInt8($0 / 300 % 7) }
    let backwards: ParallelLoop = { count, body in for item in (0..<count).reversed() { body(item) } }
    let concurrent: ParallelLoop = { count, body in
      withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: count) { body($0) }
      }
    }
    let member = try gzip(bytes, blockSize: 1000)
    #expect(try gzip(bytes, blockSize: 1000, loop: backwards) == member)
    #expect(try gzip(bytes, blockSize: 1000, loop: concurrent) == member)
  }

  @Test func severalPartsFollowEachOther() throws {
    let parts: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 9, count: 500)]
    let member = try parts[0].withUnsafeBytes { a in
      try parts[1].withUnsafeBytes { b in
        try parts[2].withUnsafeBytes { c in
          try GzipEncoder.encode([a, b, c], blockSize: 64, inParallel: LabelMap.oneAfterAnother)
        }
      }
    }
    #expect(try inflated(member, count: 503) == parts.flatMap(\.self))
  }
}
