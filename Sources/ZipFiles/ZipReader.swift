internal import CZip

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// One file inside a zip file, as its central directory describes it: claims, not facts.
public struct ZipEntry: Hashable, Sendable {
  public var name: String
  /// Claimed bytes when read.
  public var size: UInt64
  /// Claimed bytes in the file.
  public var compressedSize: UInt64
  /// Whether the bytes stand in the file as they are.
  public var isStored: Bool
  var index: UInt64
}

/// A zip file that is open for reading (libzip).
///
/// Claims of the file are checked before memory is taken for them, and every entry that is read is held against its checksum.
/// Not thread-safe: one thread at a time.
public final class ZipReader {
  public let path: String
  /// Files in the zip file, in the order of its directory.
  public let entries: [ZipEntry]
  private let archive: OpaquePointer
  private let fileSize: UInt64
  private let places: [String: Int]

  /// Deflate shrinks at most about 1032 times (zlib's technical details); a larger claim is a lie.
  private static let maximumRatio: UInt64 = 1100

  /// - Throws: `ZipError` when the file can't be opened or isn't a zip file.
  public init(path: String) throws(ZipError) {
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_RDONLY, &code) else {
      throw ZipError(.open, "'\(path)' can't be read as a zip file: \(ZipReader.message(of: code)).")
    }
    var entries: [ZipEntry] = []
    var places: [String: Int] = [:]
    for index in 0..<UInt64(max(zip_get_num_entries(archive, 0), 0)) {
      var status = zip_stat_t()
      let needed = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD)
      guard zip_stat_index(archive, index, 0, &status) == 0, status.valid & needed == needed, let name = status.name
      else {
        zip_discard(archive)
        throw ZipError(.open, "'\(path)' is damaged: its directory's entry \(index) can't be read.")
      }
      let entry = ZipEntry(
        name: String(cString: name), size: status.size, compressedSize: status.comp_size,
        isStored: status.comp_method == UInt16(ZIP_CM_STORE), index: index)
      places[entry.name] = entries.count
      entries.append(entry)
    }
    var status = stat()
    fileSize = stat(path, &status) == 0 ? UInt64(max(status.st_size, 0)) : 0
    self.archive = archive
    self.path = path
    self.entries = entries
    self.places = places
  }

  deinit { zip_discard(archive) }

  /// The entry called `name`; of several, the last.
  public subscript(name: String) -> ZipEntry? { places[name].map { entries[$0] } }

  /// All bytes of an entry.
  /// - Parameter limit: the largest size that is accepted, in bytes.
  /// - Throws: `ZipError` when the entry is larger, its claims contradict each other, or its bytes don't match its checksum.
  public func read(_ entry: ZipEntry, limit: Int) throws(ZipError) -> [UInt8] {
    try checkClaims(of: entry)
    guard entry.size <= UInt64(max(limit, 0)) else {
      throw ZipError(.size, "'\(entry.name)' in '\(path)' has \(entry.size) bytes; at most \(limit) are expected.")
    }
    var bytes = [UInt8](repeating: 0, count: Int(entry.size))
    let result: Result<Void, ZipError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(ZipError) { return .success(try read(entry, into: buffer)) } catch { return .failure(error) }
    }
    try result.get()
    return bytes
  }

  /// Reads all bytes of an entry into the caller's memory, which must have exactly the entry's size.
  /// - Throws: `ZipError` as `read(_:limit:)`; the memory's content is then undefined.
  public func read(_ entry: ZipEntry, into buffer: UnsafeMutableRawBufferPointer) throws(ZipError) {
    try checkClaims(of: entry)
    guard entry.size == UInt64(buffer.count) else {
      throw ZipError(.size, "'\(entry.name)' in '\(path)' has \(entry.size) bytes; \(buffer.count) were expected.")
    }
    guard let file = zip_fopen_index(archive, entry.index, 0) else {
      throw ZipError(
        .read, "'\(entry.name)' in '\(path)' can't be read: \(ZipReader.message(of: zip_get_error(archive))).")
    }
    defer { zip_fclose(file) }
    var done = 0
    while done < buffer.count {
      let count = zip_fread(file, buffer.baseAddress?.advanced(by: done), UInt64(buffer.count - done))
      guard count > 0 else { throw readError(entry, file, count) }
      done += Int(count)
    }
    // The checksum is compared at the end, which only a further read reaches.
    var beyond: UInt8 = 0
    let count = zip_fread(file, &beyond, 1)
    guard count == 0 else { throw readError(entry, file, count) }
  }

  /// Holds an entry's sizes against each other and the file's: before something is allocated for it.
  /// - Throws: `ZipError.Code.size` when they can't be true.
  public func checkClaims(of entry: ZipEntry) throws(ZipError) {
    let plausible =
      entry.isStored
      ? entry.size == entry.compressedSize
      : entry.size / ZipReader.maximumRatio <= entry.compressedSize
    guard plausible, entry.compressedSize <= fileSize, entry.size <= UInt64(Int.max) else {
      throw ZipError(
        .size,
        "'\(entry.name)' in '\(path)' claims \(entry.size) bytes from \(entry.compressedSize) in a file of \(fileSize), "
          + "which can't be: the file is damaged.")
    }
  }

  private func readError(_ entry: ZipEntry, _ file: OpaquePointer, _ count: Int64) -> ZipError {
    let reason =
      count < 0
      ? ZipReader.message(of: zip_file_get_error(file))
      : count == 0 ? "it ends too early" : "it is longer than it claims"
    return ZipError(.read, "'\(entry.name)' in '\(path)' is damaged: \(reason).")
  }

  static func message(of code: Int32) -> String {
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    return message(of: &error)
  }

  static func message(of error: UnsafeMutablePointer<zip_error_t>?) -> String {
    guard let error, let text = zip_error_strerror(error) else { return "unknown reason" }
    return String(cString: text)
  }
}
