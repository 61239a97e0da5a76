internal import FleetContracts
package import Foundation
internal import Glibc

/// A temporary folder that goes with the value; of a process that was killed it stays, and `forgotten` finds it.
///
/// While it is in use, a file in it is locked, and the lock goes with the process, however that ends.
package final class ScratchFolder {
  package let url: URL
  private let lock: Int32

  private static let prefix = "tessera-"
  private static let lockName = ".in-use"

  package init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: Self.prefix + UUID().uuidString)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw RunFailure(
        kind: .transient,
        reason:
          "No folder can be made in \(url.deletingLastPathComponent().path); check TMPDIR, its space and permissions.")
    }
    lock = open(url.appending(path: Self.lockName).path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if lock >= 0 { flock(lock, LOCK_EX | LOCK_NB) }
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
    if lock >= 0 { close(lock) }
  }

  /// Folders and files that Tessera has made in a temporary folder and nobody uses any more: those whose lock is free, and, where there is none,
  /// those that weren't changed for `age`. What a user has asked to be kept isn't among them.
  package static func forgotten(
    in folder: URL = FileManager.default.temporaryDirectory, unchangedFor age: Duration
  ) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let limit = Date(timeIntervalSinceNow: -(age / .seconds(1)))
    return names.sorted().filter(isOurs).map { folder.appending(path: $0) }.filter { url in
      let file = open(url.appending(path: lockName).path, O_RDWR | O_CLOEXEC)
      guard file >= 0 else {
        let changed = try? FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date
        return changed.map { $0 < limit } ?? false
      }
      defer { close(file) }
      return flock(file, LOCK_EX | LOCK_NB) == 0
    }
  }

  /// `tessera-UUID`, `tessera-WORD-UUID` for a word of ours.
  private static func isOurs(_ name: String) -> Bool {
    guard name.hasPrefix(prefix), let id = UUID(uuidString: String(name.suffix(36))) else { return false }
    let word = name.dropFirst(prefix.count).dropLast(id.uuidString.count)
    return ["", "repro-", "bench-", "child-", "chaos-script-"].contains(word)
  }
}

extension Blob {
  /// The bytes of a file, mapped: they stay readable when the file's name is removed.
  convenience init(mapping file: URL) throws {
    let data = try NSData(contentsOf: file, options: .alwaysMapped)
    self.init(bytes: UnsafeRawBufferPointer(start: data.bytes, count: data.length), owner: data)
  }
}
