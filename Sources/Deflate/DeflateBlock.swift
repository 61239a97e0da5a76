internal import CZlib

/// A part of a deflate stream that was compressed by itself.
///
/// Blocks of one stream, one after the other, are that stream: each ends at a whole byte (zlib's sync flush), and each may refer to the
/// 32 KiB before it, which are its dictionary. So one stream can be compressed on many threads, as pigz does (Adler), and its bytes
/// depend on where it is cut, not on who compresses which block.
public struct DeflateBlock: Sendable {
  /// The compressed bytes.
  public let bytes: [UInt8]
  /// CRC-32 of the bytes before compression.
  public let checksum: UInt32
  /// Bytes before compression.
  public let length: Int

  /// What deflate can look back, in bytes.
  public static let window = 1 << 15

  /// Compresses a block.
  /// - Parameters:
  ///   - bytes: at most 1 GiB.
  ///   - dictionary: the bytes before it in the stream, at most `window` of them; none for the first block.
  ///   - isLast: whether it ends the stream.
  ///   - level: zlib's 1 (fast) to 9 (small).
  /// - Returns: `nil` when memory runs out.
  public init?(_ bytes: UnsafeRawBufferPointer, dictionary: UnsafeRawBufferPointer, isLast: Bool, level: Int) {
    func pointer(_ buffer: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
      UnsafeMutablePointer(mutating: buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    var stream = z_stream()
    // 15 bits of window, negative for a stream without a frame; 8 is the usual memory level.
    guard
      deflateInit2_(
        &stream, Int32(min(max(level, 1), 9)), Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    if !dictionary.isEmpty { deflateSetDictionary(&stream, pointer(dictionary), UInt32(dictionary.count)) }
    // The bound is for a stream that ends; a flush adds an empty block of five bytes and the rest of a byte at most.
    let room = Int(deflateBound(&stream, uLong(bytes.count))) + 16
    var isWhole = false
    let output = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      stream.next_in = pointer(bytes)
      stream.avail_in = UInt32(bytes.count)
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(room)
      let status = deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
      isWhole = status == (isLast ? Z_STREAM_END : Z_OK) && stream.avail_in == 0 && stream.avail_out > 0
      count = room - Int(stream.avail_out)
    }
    guard isWhole else { return nil }
    self.bytes = output
    checksum = Self.checksum(of: bytes)
    length = bytes.count
  }

  /// CRC-32 of bytes, at most 1 GiB.
  public static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count)))
  }

  /// CRC-32 of bytes and `length` more behind them, from the checksums of both.
  public static func combine(_ first: UInt32, _ second: UInt32, length: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_combine(uLong(first), uLong(second), length))
  }
}
