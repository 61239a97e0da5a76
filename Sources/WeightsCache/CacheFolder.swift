internal import Glibc

/// The files of a cache: written whole or not at all, and removed when there are too many.
struct CacheFolder {
  let path: String

  init(_ path: String) { self.path = path }

  /// Files that are being written.
  private static let unfinished = ".writing-"
  /// Seconds after which such a file's process must have died.
  private static let abandoned = 3600
  /// Bytes of one call of the system.
  private static let piece = 8 << 20

  /// Makes the folder and its parents, for this user alone.
  static func make(_ path: String) throws(WeightsCacheError) {
    guard mkdir(path, 0o700) != 0 else { return }
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    if errno == ENOENT, !parent.isEmpty {
      try make(parent)
      if mkdir(path, 0o700) == 0 { return }
    }
    guard errno == EEXIST else { throw failure("the folder \(path) can't be made") }
  }

  /// Writes a file beside its place, to the disk, and puts it there.
  func write(_ parts: [UnsafeRawBufferPointer], to name: String) throws(WeightsCacheError) {
    let temporary = "\(path)/\(Self.unfinished)\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("no file can be made in \(path)") }
    do throws(WeightsCacheError) {
      defer { close(descriptor) }
      let size = parts.reduce(0) { $0 + $1.count }
      // A full disk is noticed before a byte is written.
      let refusal = posix_fallocate(descriptor, 0, off_t(size))
      if refusal != 0 { throw Self.failure("\(size) bytes can't be written to \(path)", refusal) }
      for part in parts { try write(part, to: descriptor) }
      guard fsync(descriptor) == 0, rename(temporary, "\(path)/\(name)") == 0 else {
        throw Self.failure("a file in \(path) can't be finished")
      }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(WeightsCacheError) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), min(bytes.count - done, Self.piece))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure("a file in \(path) can't be written") }
      done += count
    }
  }

  /// Removes what was used longest ago until `bytes` more fit, and what processes left behind that died while writing.
  /// - Parameter name: a file that will be replaced, so it needs no room.
  func makeRoom(for bytes: Int, limit: Int, replacing name: String) {
    var files: [File] = []
    for entry in entries {
      guard let file = File("\(path)/\(entry)") else { continue }
      if entry.hasPrefix(Self.unfinished) {
        if time(nil) - file.used.tv_sec > Self.abandoned { unlink(file.path) }
      } else if entry.hasSuffix(WeightsKey.suffix), entry != name {
        files.append(file)
      }
    }
    var taken = files.reduce(0) { $0 + $1.bytes }
    for file in files.sorted(by: { ($0.used.tv_sec, $0.used.tv_nsec) < ($1.used.tv_sec, $1.used.tv_nsec) }) {
      guard taken + bytes > limit else { return }
      // Who has it mapped keeps it.
      if unlink(file.path) == 0 { taken -= file.bytes }
    }
  }

  private struct File {
    let path: String
    let bytes: Int
    /// When it was written or last found.
    let used: timespec

    init?(_ path: String) {
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      self.path = path
      bytes = Int(status.st_size)
      used = status.st_mtim
    }
  }

  private var entries: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafePointer(to: entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  private static func failure(_ what: String, _ code: Int32 = errno) -> WeightsCacheError {
    WeightsCacheError(
      "Keeping transformed weights: \(what): \(String(cString: strerror(code))); give the process room and rights there, name another "
        + "folder, or let weights be transformed at each start.")
  }
}
