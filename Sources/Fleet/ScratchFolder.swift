internal import FleetContracts
internal import Foundation

/// A temporary folder that goes with the value.
final class ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "tessera-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw RunFailure(
        kind: .transient,
        reason:
          "No folder can be made in \(url.deletingLastPathComponent().path); check TMPDIR, its space and permissions.")
    }
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

extension Blob {
  /// The bytes of a file, mapped: they stay readable when the file's name is removed.
  convenience init(mapping file: URL) throws {
    let data = try NSData(contentsOf: file, options: .alwaysMapped)
    self.init(bytes: UnsafeRawBufferPointer(start: data.bytes, count: data.length), owner: data)
  }
}
