internal import CZip
internal import Wording

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// One file inside a zip file, as its central directory describes it: claims, not facts.
public struct ZipEntry: Hashable, Sendable {
  /// What unpacking would make of it.
  public enum Kind: Hashable, Sendable {
    case file
    case folder
    /// A symbolic link, a device, a pipe, or encrypted: nothing that a model or an array needs.
    case special
  }

  public var name: String
  public var kind: Kind
  /// Claimed bytes when read.
  public var size: UInt64
  /// Claimed bytes in the file.
  public var compressedSize: UInt64
  /// Whether the bytes stand in the file as they are.
  public var isStored: Bool
  var index: UInt64
}

extension ZipEntry {
  /// `nil` where the directory's entry can't be read.
  fileprivate init?(in archive: OpaquePointer, at index: UInt64) {
    var status = zip_stat_t()
    let needed = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD)
    guard zip_stat_index(archive, index, 0, &status) == 0, status.valid & needed == needed, let name = status.name
    else { return nil }
    var system: UInt8 = 0
    var attributes: UInt32 = 0
    guard zip_file_get_external_attributes(archive, index, 0, &system, &attributes) == 0 else { return nil }
    self.name = String(cString: name)
    // Unix's mode is in the upper half, whatever system the entry claims; 0 where it isn't told.
    let type = mode_t(attributes >> 16) & S_IFMT
    let isEncrypted = status.valid & UInt64(ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != 0
    if isEncrypted || ![0, S_IFREG, S_IFDIR].contains(type) {
      kind = .special
    } else {
      kind = self.name.hasSuffix("/") || type == S_IFDIR ? .folder : .file
    }
    size = status.size
    compressedSize = status.comp_size
    isStored = status.comp_method == UInt16(ZIP_CM_STORE)
    self.index = index
  }
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
  /// Bytes of the zip file.
  public let fileSize: UInt64
  private let places: [String: Int]

  /// More than any file that is read here has, and few enough to be listed in memory.
  private static let maximumEntries = 1 << 20
  /// Deflate shrinks at most about 1032 times (zlib's technical details); a larger claim is a lie.
  private static let maximumRatio: UInt64 = 1100

  /// - Throws: `ZipError` when the file can't be opened or isn't a zip file.
  public init(path: String) throws(ZipError) {
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_RDONLY, &code) else {
      throw ZipError(.open, "'\(path)' can't be read as a zip file: \(ZipReader.message(of: code)).")
    }
    let count = zip_get_num_entries(archive, 0)
    guard count <= ZipReader.maximumEntries else {
      zip_discard(archive)
      throw ZipError(.size, "'\(path)' has \(count) entries; at most \(ZipReader.maximumEntries) are expected.")
    }
    var status = stat()
    fileSize = stat(path, &status) == 0 ? UInt64(max(status.st_size, 0)) : 0
    var entries: [ZipEntry] = []
    var compressed: UInt64 = 0
    var places: [String: Int] = [:]
    for index in 0..<UInt64(max(count, 0)) {
      guard let entry = ZipEntry(in: archive, at: index) else {
        zip_discard(archive)
        throw ZipError(.open, "'\(path)' is damaged: its directory's entry \(index) can't be read.")
      }
      let (sum, overflow) = compressed.addingReportingOverflow(entry.compressedSize)
      guard !overflow, sum <= fileSize else {
        // Entries that share bytes make a small file as large as one likes (Fifield, A better zip bomb, WOOT 2019).
        zip_discard(archive)
        throw ZipError(
          .size,
          "'\(path)' is damaged: its entries share bytes, or claim more than the file's \(fileSize), which can't be.")
      }
      compressed = sum
      places[entry.name] = entries.count
      entries.append(entry)
    }
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
      throw ZipError(
        .size, "'\(entry.name.quotable())' in '\(path)' has \(entry.size) bytes; at most \(limit) are expected.")
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
      throw ZipError(
        .size, "'\(entry.name.quotable())' in '\(path)' has \(entry.size) bytes; \(buffer.count) were expected.")
    }
    let file = try open(entry)
    defer { zip_fclose(file) }
    try fill(buffer, entry, file)
    try expectEnd(entry, file)
  }

  /// Writes all bytes of an entry into a new file, piece by piece and to the disk.
  /// - Parameter target: where nothing is yet.
  /// - Throws: `ZipError` as `read(_:limit:)`, or when the file can't be written; then there is no file.
  public func extract(_ entry: ZipEntry, to target: String) throws(ZipError) {
    try checkClaims(of: entry)
    let file = try open(entry)
    defer { zip_fclose(file) }
    let output = try OutputFile(new: target)
    do throws(ZipError) {
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 64)
      defer { piece.deallocate() }
      var rest = Int(entry.size)
      while rest > 0 {
        let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(rest, piece.count)])
        try fill(part, entry, file)
        try output.append(UnsafeRawBufferPointer(part))
        rest -= part.count
      }
      try expectEnd(entry, file)
      try output.synchronise()
      try output.putIntoPlace()
    } catch {
      output.discard()
      throw error
    }
  }

  private static let pieceSize = 1 << 20

  private func open(_ entry: ZipEntry) throws(ZipError) -> OpaquePointer {
    guard entry.kind == .file, let file = zip_fopen_index(archive, entry.index, 0) else {
      let reason =
        entry.kind == .file ? ZipReader.message(of: zip_get_error(archive)) : "it isn't a plain file"
      throw ZipError(.read, "'\(entry.name.quotable())' in '\(path)' can't be read: \(reason).")
    }
    return file
  }

  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, _ entry: ZipEntry, _ file: OpaquePointer
  ) throws(ZipError) {
    var done = 0
    while done < buffer.count {
      let count = zip_fread(file, buffer.baseAddress?.advanced(by: done), UInt64(buffer.count - done))
      guard count > 0 else { throw readError(entry, file, count) }
      done += Int(count)
    }
  }

  /// The checksum is compared at the end, which only a further read reaches.
  private func expectEnd(_ entry: ZipEntry, _ file: OpaquePointer) throws(ZipError) {
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
        "'\(entry.name.quotable())' in '\(path)' claims \(entry.size) bytes from \(entry.compressedSize) in a file of \(fileSize), "
          + "which can't be: the file is damaged.")
    }
  }

  private func readError(_ entry: ZipEntry, _ file: OpaquePointer, _ count: Int64) -> ZipError {
    let reason =
      count < 0
      ? ZipReader.message(of: zip_file_get_error(file))
      : count == 0 ? "it ends too early" : "it is longer than it claims"
    return ZipError(.read, "'\(entry.name.quotable())' in '\(path)' is damaged: \(reason).")
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
