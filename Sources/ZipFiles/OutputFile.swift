#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A new file that is written piece by piece.
final class OutputFile {
  private let path: String
  private var descriptor: Int32

  /// - Throws: `ZipError.Code.write` where something has the name already, or the file can't be made.
  init(_ path: String) throws(ZipError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
    var done = 0
    while done < bytes.count {
      let count = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path) }
      done += count
    }
  }

  /// Waits until the disk has the file.
  func finish() throws(ZipError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    close(descriptor)
    descriptor = -1
  }

  /// Removes the file.
  func discard() { unlink(path) }

  private static func failure(_ path: String) -> ZipError {
    ZipError(.write, "'\(path)' can't be written: \(String(cString: strerror(errno))).")
  }
}
