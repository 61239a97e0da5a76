internal import Digests
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A file that is open for reading at any place.
final class InputFile {
  let path: String
  /// Bytes of the file when it was opened.
  let size: Int
  private let descriptor: Int32

  /// - Throws: `ModelStoreError` when the file isn't there, is a folder, or can't be opened.
  init(_ url: URL) throws(ModelStoreError) {
    path = url.path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ModelStoreError(
        errno == ENOENT ? .notFound : .unreadable, "'\(path)' can't be opened: \(String(cString: strerror(errno))).")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ModelStoreError(.unreadable, "'\(path)' isn't a regular file.")
    }
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on.
  /// - Throws: `ModelStoreError` where the file ends too early.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ModelStoreError) {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw ModelStoreError(
          count == 0 ? .damaged : .unreadable,
          "'\(path)' ends too early: \(buffer.count) bytes were expected at byte \(offset), \(done) are there.")
      }
      done += count
    }
  }

  /// `count` bytes from `offset` on, both within the file.
  func bytes(at offset: Int, count: Int) throws(ModelStoreError) -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
      throw ModelStoreError(
        .damaged, "'\(path)' ends too early: \(count) bytes were expected at byte \(offset) of \(size).")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    let result: Result<Void, ModelStoreError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(ModelStoreError) { return .success(try read(at: offset, into: buffer)) } catch {
        return .failure(error)
      }
    }
    try result.get()
    return bytes
  }

  /// The whole file, which must not be larger than `limit` bytes.
  static func contents(of url: URL, limit: Int) throws(ModelStoreError) -> [UInt8] {
    let file = try InputFile(url)
    guard file.size <= limit else {
      throw ModelStoreError(.damaged, "'\(file.path)' has \(file.size) bytes; at most \(limit) are expected.")
    }
    return try file.bytes(at: 0, count: file.size)
  }

  /// SHA-256 of the whole file, read in pieces.
  func digest() throws(ModelStoreError) -> Digest {
    var hasher = DigestHasher()
    let piece = 1 << 20
    var offset = 0
    while offset < size {
      let bytes = try bytes(at: offset, count: min(piece, size - offset))
      bytes.withUnsafeBytes { hasher.update($0) }
      offset += bytes.count
    }
    return hasher.finalize()
  }
}
