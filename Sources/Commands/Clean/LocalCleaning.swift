internal import Fleet
internal import Foundation

/// What processes that were killed have left in this machine's temporary folder.
struct LocalCleaning: Encodable {
  /// Their paths.
  var folders: [String]
  var bytes: Int
  var removed: Int

  /// - Parameter unchangedFor: for what has no lock that tells whether it is in use.
  init(unchangedFor age: Duration, deletes: Bool) {
    let found = ScratchFolder.forgotten(unchangedFor: age)
    folders = found.map(\.path)
    bytes = found.reduce(0) { $0 + Self.size(of: $1) }
    removed = deletes ? found.count { (try? FileManager.default.removeItem(at: $0)) != nil } : 0
  }

  private static func size(of url: URL) -> Int {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .isRegularFileKey]
    func bytes(_ file: URL) -> Int {
      let values = try? file.resourceValues(forKeys: keys)
      return values?.isRegularFile == true ? values?.fileSize ?? 0 : 0
    }
    guard let files = FileManager.default.enumerator(at: url, includingPropertiesForKeys: Array(keys)) else { return 0 }
    return files.reduce(bytes(url)) { sum, file in sum + ((file as? URL).map(bytes) ?? 0) }
  }
}
