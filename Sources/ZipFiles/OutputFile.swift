#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A new file that is written piece by piece.
final class OutputFile {
  /// Bytes so far.
  private(set) var offset = 0
  private let path: String
  /// Where the file is until it is put into place.
  private let temporary: String
  private var descriptor: Int32

  /// A file that is at `path` at once.
  /// - Throws: `ZipError.Code.write` where something has the name already, or the file can't be made.
  convenience init(new path: String) throws(ZipError) { try self.init(path: path, temporary: path) }

  /// A file that is at `path` when `putIntoPlace` was called; until then it is beside.
  /// - Throws: `ZipError.Code.write` where it can't be made.
  convenience init(beside path: String) throws(ZipError) {
    try self.init(path: path, temporary: "\(path).\(String(UInt64.random(in: 0...(.max)), radix: 36)).part")
  }

  private init(path: String, temporary: String) throws(ZipError) {
    self.path = path
    self.temporary = temporary
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(_ bytes: [UInt8]) throws(ZipError) {
    let result: Result<Void, ZipError> = bytes.withUnsafeBytes { buffer in
      do throws(ZipError) { return .success(try append(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
    try write(bytes, at: offset)
    offset += bytes.count
  }

  /// Writes bytes again that were written before.
  func overwrite(_ bytes: [UInt8], at offset: Int) throws(ZipError) {
    let result: Result<Void, ZipError> = bytes.withUnsafeBytes { buffer in
      do throws(ZipError) { return .success(try write(buffer, at: offset)) } catch { return .failure(error) }
    }
    try result.get()
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ZipError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path) }
      done += count
    }
  }

  /// Waits until the disk has the file.
  func synchronise() throws(ZipError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
  }

  /// Gives the file its name, in the place of what has it.
  func putIntoPlace() throws(ZipError) {
    guard close(descriptor) == 0 else {
      descriptor = -1
      throw Self.failure(path)
    }
    descriptor = -1
    guard temporary == path || rename(temporary, path) == 0 else { throw Self.failure(path) }
  }

  /// Removes the file.
  func discard() { unlink(temporary) }

  private static func failure(_ path: String) -> ZipError {
    ZipError(.write, "'\(path)' can't be written: \(String(cString: strerror(errno))).")
  }
}
