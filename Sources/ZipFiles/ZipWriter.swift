internal import CZip

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Writes a new zip file (libzip). Entries are compressed when `finish` is called; sizes beyond 4 GiB are fine.
///
///     let writer = try ZipWriter(path: "case.npz")
///     try writer.add("softmax.npy", fromFile: "case.npy")
///     try writer.finish()
///
/// The same entries make the same bytes: times are left at zip's epoch. Without `finish` nothing is written. Not thread-safe.
public final class ZipWriter {
  public enum Compression: Sendable {
    case stored
    /// zlib's levels 1 (fast) to 9 (small).
    case deflated(level: Int = 6)
  }

  private let path: String
  private var archive: OpaquePointer?

  /// Unix's mode of a file that everyone may read and its owner may write.
  private static let plainFile: UInt32 = 0o100644
  /// 1 January 1980, the earliest date that zip knows.
  private static let epochDate: UInt16 = 1 << 5 | 1

  /// A file that exists at `path` is replaced by `finish`.
  /// - Throws: `ZipError`.
  public init(path: String) throws(ZipError) {
    self.path = path
    var code: Int32 = 0
    archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code)
    guard archive != nil else {
      throw ZipError(.write, "The zip file '\(path)' can't be written: \(ZipReader.message(of: code)).")
    }
  }

  deinit {
    if let archive { zip_discard(archive) }
  }

  /// Adds an entry whose content is `bytes`; they are copied.
  /// - Throws: `ZipError`.
  public func add(_ name: String, _ bytes: [UInt8], compression: Compression = .deflated()) throws(ZipError) {
    // libzip frees the copy, with malloc's counterpart.
    guard let copy = malloc(max(bytes.count, 1)) else { throw ZipError(.write, "There is no memory for '\(name)'.") }
    bytes.withUnsafeBytes { buffer in
      if let base = buffer.baseAddress { copy.copyMemory(from: base, byteCount: buffer.count) }
    }
    guard let source = zip_source_buffer(archive, copy, UInt64(bytes.count), 1) else {
      free(copy)
      throw failure(name)
    }
    try add(name, source, compression)
  }

  /// Adds an entry whose content is that of the file at `source`, which is read by `finish`, piece by piece.
  /// - Throws: `ZipError`.
  public func add(
    _ name: String, fromFile source: String, compression: Compression = .deflated()
  ) throws(ZipError) {
    guard access(source, R_OK) == 0, let source = zip_source_file(archive, source, 0, -1) else {
      throw ZipError(.write, "'\(source)' can't be added to the zip file '\(path)': it can't be read.")
    }
    try add(name, source, compression)
  }

  /// Writes the file, beside its place first, and puts it there whole.
  /// - Throws: `ZipError`; then no new file is at the path.
  public func finish() throws(ZipError) {
    guard let open = archive else { throw ZipError(.write, "The zip file '\(path)' is finished already.") }
    guard zip_close(open) == 0 else {
      throw ZipError(.write, "The zip file '\(path)' can't be written: \(ZipReader.message(of: zip_get_error(open))).")
    }
    archive = nil
  }

  private func add(_ name: String, _ source: OpaquePointer, _ compression: Compression) throws(ZipError) {
    let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      throw failure(name)
    }
    let (method, level): (Int32, UInt32) =
      switch compression {
      case .stored: (ZIP_CM_STORE, 0)
      case .deflated(let level): (ZIP_CM_DEFLATE, UInt32(min(max(level, 1), 9)))
      }
    guard zip_set_file_compression(archive, UInt64(index), method, level) == 0,
      zip_file_set_external_attributes(
        archive, UInt64(index), 0, UInt8(ZIP_OPSYS_UNIX), ZipWriter.plainFile << 16) == 0,
      zip_file_set_dostime(archive, UInt64(index), 0, ZipWriter.epochDate, 0) == 0
    else { throw failure(name) }
  }

  private func failure(_ name: String) -> ZipError {
    ZipError(
      .write, "'\(name)' can't be added to the zip file '\(path)': \(ZipReader.message(of: zip_get_error(archive))).")
  }
}
