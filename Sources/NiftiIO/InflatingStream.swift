internal import CNifti

/// The bytes of a source, inflated where they are gzip's: told by the content, since blobs have no file names.
final class InflatingStream {
  /// Deflate can't shrink more than 1032 times (a match of 258 bytes in 2 bits); with some room for its headers.
  static let greatestRatio = 1100

  let source: ByteSource
  let isCompressed: Bool
  private let stream: UnsafeMutablePointer<z_stream>
  private var input = [UInt8](repeating: 0, count: 1 << 18)
  private var inputStart = 0
  private var inputEnd = 0
  private var isAtEnd = false

  init(_ source: ByteSource) throws {
    self.source = source
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let end = try input.withUnsafeMutableBytes { try source.read(into: $0) }
    inputEnd = end
    isCompressed = end >= 2 && input[0] == 0x1F && input[1] == 0x8B
    if isCompressed {
      // 15 bits of window; 16 more ask for gzip's frame.
      let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      guard status == Z_OK else { throw NiftiError(.unreadable, "decompressing the image failed: out of memory") }
    }
  }

  deinit {
    if isCompressed { inflateEnd(stream) }
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// The most bytes that can possibly come out.
  var greatestCount: Int {
    guard isCompressed else { return source.count }
    let (product, overflow) = source.count.multipliedReportingOverflow(by: Self.greatestRatio)
    return overflow ? Int.max : product
  }

  /// Reads up to `buffer.count` bytes and returns how many: fewer only at the end.
  ///
  /// - Throws: `NiftiError.Code.truncated` where compressed data is cut or damaged.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    isCompressed ? try inflate(into: buffer) : try copy(into: buffer)
  }

  private func copy(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let ready = min(inputEnd - inputStart, buffer.count)
    input.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[inputStart..<inputStart + ready])) }
    inputStart += ready
    guard ready < buffer.count else { return ready }
    return ready + (try source.read(into: .init(rebasing: buffer[ready...])))
  }

  private func refill() throws -> Bool {
    inputStart = 0
    inputEnd = try input.withUnsafeMutableBytes { try source.read(into: $0) }
    return inputEnd > 0
  }

  private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count, !isAtEnd {
      if inputStart == inputEnd, try !refill() {
        throw NiftiError(.truncated, "decompressing the image failed: the file ends too early; copy it again")
      }
      let room = min(buffer.count - filled, Int(UInt32.max >> 1))
      let status = input.withUnsafeMutableBufferPointer { input -> Int32 in
        stream.pointee.next_in = input.baseAddress! + inputStart
        stream.pointee.avail_in = UInt32(inputEnd - inputStart)
        stream.pointee.next_out = (buffer.baseAddress! + filled).assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        return CNifti.inflate(stream, Z_NO_FLUSH)
      }
      filled += room - Int(stream.pointee.avail_out)
      inputStart = inputEnd - Int(stream.pointee.avail_in)
      switch status {
      case Z_OK, Z_BUF_ERROR: continue
      case Z_STREAM_END: try startNextMember()
      default:
        throw NiftiError(.truncated, "decompressing the image failed: the gzip data is damaged; copy the file again")
      }
    }
    return filled
  }

  /// gzip files may be several in a row; what follows the last and isn't one is ignored, as by `gunzip`.
  private func startNextMember() throws {
    if inputStart == inputEnd, try !refill() {
      isAtEnd = true
      return
    }
    if input[inputStart] == 0x1F, inflateReset(stream) == Z_OK { return }
    isAtEnd = true
  }
}
