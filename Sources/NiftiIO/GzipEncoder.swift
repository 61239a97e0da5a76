internal import CNifti

/// Compresses to one gzip member without name and time, so that equal data gives equal bytes.
final class GzipEncoder {
  private let stream: UnsafeMutablePointer<z_stream>
  private var output: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 1 << 18)

  /// zlib's own compromise of time and size.
  private static let level: Int32 = 6

  init() throws {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, 16 more for gzip's frame, whose header zlib leaves without time; 8 is the usual memory level.
    let status = deflateInit2_(
      stream, Self.level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw NiftiError(.unwritable, "compressing the label map failed: out of memory") }
  }

  deinit {
    deflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    // zlib counts in 32 bits.
    let part = 1 << 30
    for start in stride(from: 0, to: bytes.count, by: part) {
      let end = min(start + part, bytes.count)
      stream.pointee.next_in = UnsafeMutablePointer(
        mutating: (bytes.baseAddress! + start).assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = UInt32(end - start)
      while stream.pointee.avail_in > 0 { _ = try drain(Z_NO_FLUSH) }
    }
  }

  func finish() throws -> [UInt8] {
    stream.pointee.avail_in = 0
    while try drain(Z_FINISH) != Z_STREAM_END {}
    return output
  }

  private func drain(_ flush: Int32) throws -> Int32 {
    let (status, count) = chunk.withUnsafeMutableBufferPointer { chunk -> (Int32, Int) in
      stream.pointee.next_out = chunk.baseAddress
      stream.pointee.avail_out = UInt32(chunk.count)
      let status = deflate(stream, flush)
      return (status, chunk.count - Int(stream.pointee.avail_out))
    }
    guard status == Z_OK || status == Z_STREAM_END else {
      throw NiftiError(.unwritable, "compressing the label map failed (zlib status \(status))")
    }
    output.append(contentsOf: chunk[..<count])
    return status
  }
}
