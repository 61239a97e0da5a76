internal import Foundation

/// A file system of a few MiB in memory, which can be filled and made read-only.
final class SmallDisk {
  let folder: URL
  private let filler: URL

  /// - Throws: `ChaosSkip` where this process may not mount.
  init(mebibytes: Int, at folder: URL) async throws {
    self.folder = folder
    filler = folder.appending(path: "filler")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      try await Script.run(
        URL(filePath: "/usr/bin/env"), ["mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", folder.path])
    } catch { throw ChaosSkip("mounting a small file system isn't permitted here") }
  }

  /// Writes until nothing goes in any more.
  func fill() throws {
    try Data().write(to: filler)
    let file = try FileHandle(forWritingTo: filler)
    defer { try? file.close() }
    for size in [1 << 20, 1 << 12, 1] {
      let piece = Data(count: size)
      while (try? file.write(contentsOf: piece)) != nil {}
    }
  }

  func empty() throws { try FileManager.default.removeItem(at: filler) }

  /// `ro` or `rw`.
  func remount(_ mode: String) async throws {
    try await Script.run(URL(filePath: "/usr/bin/env"), ["mount", "-o", "remount,\(mode)", folder.path])
  }

  /// A file of the store, with the bytes that it had when it was found.
  struct StoredBlob {
    let file: URL
    let bytes: Data

    /// Other bytes under the same name, or none.
    func replace(with other: Data?) throws {
      if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
      try other?.write(to: file)
    }
  }

  /// The preprocessed volume of the last run: the newest of the largest blobs.
  func newestOfLargest() throws -> StoredBlob {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .isRegularFileKey, .contentModificationDateKey]
    guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys)) else {
      throw ChaosError("The store \(folder.path) can't be listed.")
    }
    var found: (file: URL, size: Int, date: Date)?
    for case let file as URL in files {
      let values = try file.resourceValues(forKeys: keys)
      guard values.isRegularFile == true, let size = values.fileSize, let date = values.contentModificationDate,
        found.map({ ($0.size, $0.date) < (size, date) }) ?? true
      else { continue }
      found = (file, size, date)
    }
    guard let found else { throw ChaosError("The store \(folder.path) is empty.") }
    return StoredBlob(file: found.file, bytes: try Data(contentsOf: found.file))
  }

  /// The blob of a digest.
  func blob(_ digest: String) throws -> StoredBlob {
    let file = folder.appending(path: "\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))/\(digest)")
    return StoredBlob(file: file, bytes: try Data(contentsOf: file))
  }

  func close() async {
    // Lazily: a process that chaos has ended may still be on its way out.
    _ = try? await Script.run(URL(filePath: "/usr/bin/env"), ["umount", "-l", folder.path])
  }
}
