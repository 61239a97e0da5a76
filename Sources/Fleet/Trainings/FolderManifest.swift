package import Digests
package import FleetContracts
package import Foundation

/// A folder in the blob store: its files' paths and digests, itself a blob. A file that is there already isn't stored twice.
package struct FolderManifest: Hashable, Sendable, Codable {
  package struct File: Hashable, Sendable, Codable {
    /// From the folder, with `/` between its parts.
    package var path: String
    package var sha256: Digest
    package var bytes: Int
  }

  package var version = 1
  /// By path.
  package var files: [File]

  package var totalBytes: Int { files.reduce(0) { $0 + $1.bytes } }

  /// Puts the files of a folder into the store.
  /// - Parameters:
  ///   - part: only this subfolder; paths are told from `folder` all the same.
  ///   - isWanted: asked for each file's path.
  /// - Returns: the manifest's name.
  /// - Throws: `BlobStoreError`; `RunFailure` for a file that can't be read.
  package static func put(
    _ folder: URL, part: String = "", into store: any BlobStore, isWanted: (String) -> Bool = { _ in true }
  ) async throws -> Digest {
    var manifest = FolderManifest(files: [])
    for path in paths(in: folder, part: part).filter(isWanted) {
      let file = folder.appending(path: path)
      let blob: Blob
      do {
        blob = try Blob(mapping: file)
      } catch {
        throw RunFailure(
          kind: .transient, reason: "A file that is to be stored can't be read: \(error.localizedDescription)")
      }
      manifest.files.append(File(path: path, sha256: try await store.put(blob), bytes: blob.count))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try await store.put(Blob(copying: try encoder.encode(manifest)))
  }

  /// Ordinary files, sorted.
  private static func paths(in folder: URL, part: String) -> [String] {
    let root = part.isEmpty ? folder : folder.appending(path: part)
    let found = (try? FileManager.default.subpathsOfDirectory(atPath: root.path)) ?? []
    return found.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.map { part.isEmpty ? $0 : "\(part)/\($0)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// - Throws: `BlobStoreError`; `RunFailure` for a manifest that can't be read, or that leads out of its folder.
  package static func get(_ digest: Digest, from store: any BlobStore) async throws -> FolderManifest {
    let json = Data(try await store.get(digest).copy)
    guard let manifest = try? JSONDecoder().decode(FolderManifest.self, from: json), manifest.version == 1 else {
      throw RunFailure(
        kind: .invalid, reason: "The folder's manifest \(digest) can't be read by this version; update the process.")
    }
    for file in manifest.files where !isInside(file.path) {
      throw RunFailure(kind: .invalid, reason: "The folder's manifest \(digest) names a file outside of its folder.")
    }
    return manifest
  }

  private static func isInside(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.contains("\0") && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// Writes the files below `folder`, beside what is there.
  /// - Throws: `BlobStoreError`; `RunFailure` where the folder can't be written.
  package func write(into folder: URL, from store: any BlobStore) async throws {
    for file in files {
      let blob = try await store.get(file.sha256)
      let target = folder.appending(path: file.path)
      do {
        try FileManager.default.createDirectory(
          at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try blob.withBytes { bytes in try Data(bytes).write(to: target, options: .atomic) }
      } catch {
        throw RunFailure(
          kind: .transient,
          reason: "A folder can't be written (\(error.localizedDescription)); check space and permissions.")
      }
    }
  }

  /// The folder of a manifest below `cache`, fetched where it isn't there; one that is there is whole.
  package static func cached(_ digest: Digest, in cache: URL, from store: any BlobStore) async throws -> URL {
    let files = FileManager.default
    let folder = cache.appending(path: digest.hexadecimal)
    guard !files.fileExists(atPath: folder.path) else { return folder }
    let temporary = cache.appending(path: ".fetching-\(UUID().uuidString)")
    defer { try? files.removeItem(at: temporary) }
    try await get(digest, from: store).write(into: temporary, from: store)
    do {
      try files.moveItem(at: temporary, to: folder)
    } catch  where files.fileExists(atPath: folder.path) {
      // Another process was faster; its folder holds the same bytes.
    } catch {
      throw RunFailure(
        kind: .transient, reason: "The cache folder can't be written (\(error.localizedDescription)); check its space.")
    }
    return folder
  }
}
