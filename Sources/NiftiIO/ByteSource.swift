internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Bytes that are read once from front to back: of a file, or in memory.
///
/// Files are read rather than mapped: a file that is cut while it is read must give an error, not a bus error.
final class ByteSource {
  /// All bytes there are.
  let count: Int
  private let descriptor: Int32
  private let memory: [UInt8]
  private let borrowed: UnsafeRawBufferPointer?
  private var position = 0

  init(_ bytes: [UInt8]) {
    memory = bytes
    borrowed = nil
    count = bytes.count
    descriptor = -1
  }

  /// Bytes that the caller keeps while they are read.
  init(borrowing bytes: UnsafeRawBufferPointer) {
    memory = []
    borrowed = bytes
    count = bytes.count
    descriptor = -1
  }

  /// - Throws: `NiftiError.Code.unreadable`.
  init(file url: URL) throws {
    memory = []
    borrowed = nil
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      let reason = descriptor < 0 ? String(cString: strerror(errno)) : "it is not a regular file"
      if descriptor >= 0 { close(descriptor) }
      throw NiftiError(.unreadable, "the image can't be opened: \(reason)")
    }
    count = Int(status.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads up to `buffer.count` bytes and returns how many: fewer only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if descriptor < 0 {
      let length = min(buffer.count, count - position)
      let range = position..<position + length
      if let borrowed {
        buffer.copyMemory(from: .init(rebasing: borrowed[range]))
      } else {
        memory.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[range])) }
      }
      position += length
      return length
    }
    var filled = 0
    while filled < buffer.count {
      #if canImport(Glibc)
        let got = Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #else
        let got = Musl.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #endif
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw NiftiError(.unreadable, "the image can't be read: \(String(cString: strerror(errno)))")
      }
      if got == 0 { break }
      filled += got
    }
    return filled
  }
}
