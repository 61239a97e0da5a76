internal import Deflate

/// Calls `body` with each item in `0..<count`, on as many threads as it likes, and returns when all are done.
public typealias ParallelLoop = (_ count: Int, _ body: (_ item: Int) -> Void) -> Void

/// Compresses to one gzip member without name and time, so that equal data gives equal bytes, whoever compresses it on however many
/// threads.
///
/// Data is compressed in blocks of a fixed size (`DeflateBlock`).
enum GzipEncoder {
  /// zlib's own compromise of time and size.
  private static let level = 6

  /// The member that holds `parts`, one after the other.
  /// - Parameter blockSize: bytes of a block; the result depends on it.
  /// - Throws: `NiftiError.Code.unwritable` if memory runs out.
  static func encode(
    _ parts: [UnsafeRawBufferPointer], blockSize: Int = 1 << 20, inParallel loop: ParallelLoop
  ) throws -> [UInt8] {
    // A dictionary is taken from the block's own part.
    var blocks: [(part: UnsafeRawBufferPointer, range: Range<Int>)] = []
    for part in parts {
      for start in stride(from: 0, to: part.count, by: blockSize) {
        blocks.append((part, start..<min(start + blockSize, part.count)))
      }
    }
    if blocks.isEmpty { blocks.append((UnsafeRawBufferPointer(start: nil, count: 0), 0..<0)) }
    var compressed = [DeflateBlock?](repeating: nil, count: blocks.count)
    compressed.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let results = buffer  // each item writes its own element
      loop(blocks.count) { index in
        let (part, range) = blocks[index]
        let dictionary = UnsafeRawBufferPointer(
          rebasing: part[max(0, range.lowerBound - DeflateBlock.window)..<range.lowerBound])
        results[index] = DeflateBlock(
          UnsafeRawBufferPointer(rebasing: part[range]), dictionary: dictionary, isLast: index == blocks.count - 1,
          level: level)
      }
    }
    // Magic, deflate, no flags, no time, no hint, made on Unix.
    var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    member.reserveCapacity(compressed.reduce(18) { $0 + ($1?.bytes.count ?? 0) })
    var (checksum, length): (UInt32, Int) = (0, 0)
    for block in compressed {
      guard let block else { throw NiftiError(.unwritable, "compressing the label map failed: out of memory") }
      member += block.bytes
      checksum = DeflateBlock.combine(checksum, block.checksum, length: block.length)
      length += block.length
    }
    for value in [checksum, UInt32(truncatingIfNeeded: length)] {
      withUnsafeBytes(of: value.littleEndian) { member += $0 }
    }
    return member
  }
}
