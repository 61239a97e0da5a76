internal import Digests
internal import FleetContracts
internal import Foundation
internal import Glibc

/// A blob on its way into the store: its bytes come in pieces, its name is known in the end.
///
/// The writer holds a lock on the file, which the kernel takes away when the process ends, however it ends. So whoever opens the store later
/// can tell what was forgotten by a killed process from what another process is just receiving, on whichever machine.
///
/// `@unchecked Sendable` is right because pieces are appended one after the other: `FileBlobStore.put(pieces:)` awaits each.
final class IncomingFile: @unchecked Sendable {
  /// Bytes that are gathered before they are written.
  static let pieceSize = 128 << 10
  private static let prefix = "incoming-"

  let path: String
  private var descriptor: Int32
  private var hasher: DigestHasher? = DigestHasher()
  private var count = 0

  init(in folder: String) throws {
    while true {
      let path = "\(folder)/\(Self.prefix)\(UUID().uuidString)"
      let file = try Files.make(path)
      // Somebody who clears up may have taken the file between the two calls; then it has no name any more.
      var status = stat()
      guard flock(file, LOCK_EX) == 0, fstat(file, &status) == 0, status.st_nlink > 0 else {
        close(file)
        continue
      }
      self.path = path
      descriptor = file
      return
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { bytes in
      hasher?.update(bytes)
      try Files.append(bytes, to: descriptor, at: path)
    }
    count += bytes.count
  }

  /// Waits until the disk has the bytes, and names them. Nothing is appended after that.
  func finish() throws -> StoredBlob {
    if fsync(descriptor) != 0 { throw Files.failure("writing", path, errno) }
    guard let digest = hasher.take()?.finalize() else {
      throw BlobStoreError.unavailable("\(path) was finished twice.")
    }
    return StoredBlob(digest: digest, count: count)
  }

  /// Removes the file, unless it was renamed, and gives up the lock.
  func abandon() {
    guard descriptor >= 0 else { return }
    try? Files.remove(path)
    close(descriptor)
    descriptor = -1
  }

  /// Removes what killed processes have left in `folder`.
  static func removeForgotten(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      let path = "\(folder)/\(name)"
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { continue }
      if flock(file, LOCK_EX | LOCK_NB) == 0 { try? Files.remove(path) }
      close(file)
    }
  }
}
