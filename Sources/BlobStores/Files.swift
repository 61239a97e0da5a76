internal import FleetContracts
internal import Glibc

/// The system calls of a store of files, with errors that an operator understands.
enum Files {
  /// Makes `path` and its parents, and makes the new names last.
  static func makeFolders(_ path: String) throws {
    guard mkdir(path, 0o777) != 0 else { return try synchronise(folder: parent(of: path)) }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw BlobStoreError.unavailable(
          "\(path) should be a folder, but is something else; remove it or choose another store.")
      }
    case ENOENT where parent(of: path) != path:
      try makeFolders(parent(of: path))
      try makeFolders(path)
    case let code: throw failure("making the folder", path, code)
    }
  }

  static func checkWritable(_ folder: String) throws {
    if access(folder, R_OK | W_OK | X_OK) != 0 { throw failure("writing to the folder", folder, errno) }
  }

  /// Bytes that this user may still write to the file system of `folder`.
  static func freeBytes(_ folder: String) throws -> Int {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { throw failure("asking for the free space of", folder, errno) }
    let (bytes, isHuge) = UInt(status.f_bavail).multipliedReportingOverflow(by: UInt(status.f_frsize))
    return isHuge ? .max : Int(clamping: bytes)
  }

  static func exists(_ path: String) throws -> Bool {
    if access(path, F_OK) == 0 { return true }
    if errno == ENOENT { return false }
    throw failure("looking for", path, errno)
  }

  /// Writes a new file that nobody may change, and waits until the disk has it.
  static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    let file = try make(path)
    defer { close(file) }
    try append(bytes, to: file, at: path)
    if fsync(file) != 0 { throw failure("writing", path, errno) }
  }

  /// A new file that only the descriptor may write.
  static func make(_ path: String) throws -> Int32 {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
    guard file >= 0 else { throw failure("making the file", path, errno) }
    return file
  }

  static func append(_ bytes: UnsafeRawBufferPointer, to file: Int32, at path: String) throws {
    var rest = bytes
    while !rest.isEmpty {
      let written = Glibc.write(file, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw failure("writing", path, errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
  }

  /// The file's bytes, mapped; `nil` when there is no such file. They stay readable when the file is removed.
  static func map(_ path: String) throws -> Blob? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("opening", path, errno)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure("reading", path, errno) }
    let count = Int(status.st_size)
    if count == 0 { return Blob(copying: []) }  // an empty mapping isn't allowed
    guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, file, 0), memory != MAP_FAILED else {
      throw failure("mapping", path, errno)
    }
    return Blob(bytes: UnsafeRawBufferPointer(start: memory, count: count)) {
      madvise(memory, count, MADV_DONTNEED)
    } release: {
      munmap(memory, count)
    }
  }

  static func rename(_ path: String, to target: String) throws {
    if Glibc.rename(path, target) != 0 { throw failure("renaming a new file to", target, errno) }
  }

  /// Makes a file young again.
  /// - Returns: `false` when it isn't there, or is somebody else's.
  static func touch(_ path: String) throws -> Bool {
    // Where nothing can be written, nothing can be removed either.
    if utimensat(AT_FDCWD, path, nil, 0) == 0 || errno == EROFS { return true }
    if [ENOENT, EACCES, EPERM].contains(errno) { return false }
    throw failure("changing the time of", path, errno)
  }

  /// Size and time of the last change, the latter since 1970; `nil` when there is no such file.
  static func facts(_ path: String) throws -> (bytes: Int, changedAt: Duration)? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw failure("looking at", path, errno)
    }
    return (Int(status.st_size), .seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec))
  }

  /// Names in a folder; none when it isn't there.
  static func names(in folder: String) throws -> [String] {
    guard let directory = opendir(folder) else {
      if [ENOENT, ENOTDIR].contains(errno) { return [] }
      throw failure("listing", folder, errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  static func remove(_ path: String) throws {
    if unlink(path) != 0, errno != ENOENT { throw failure("removing", path, errno) }
  }

  /// Waits until the disk has the folder's names.
  static func synchronise(folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opening", folder, errno) }
    defer { close(descriptor) }
    // Some network file systems can't synchronise folders and say so with EINVAL; they do it by themselves.
    if fsync(descriptor) != 0, errno != EINVAL { throw failure("writing to the folder", folder, errno) }
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  static func failure(_ action: String, _ path: String, _ code: Int32) -> BlobStoreError {
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "; make room on the disk or raise the quota"
      case EACCES, EPERM: "; give this process's user the right to read and write there"
      case EROFS: "; the file system is mounted read-only"
      case EMFILE, ENFILE: "; raise the limit of open files"
      default: ""
      }
    return .unavailable("\(action) \(path) failed: \(String(cString: strerror(code)))\(advice).")
  }
}
