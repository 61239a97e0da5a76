internal import FleetContracts
internal import Foundation

/// A folder into which cases are put, with what is remembered of them in `.tessera`, so that a crash at any moment is made good by the next
/// look: nothing is lost, nothing done twice.
struct WatchedFolder {
  let url: URL

  enum End: String, Codable { case done, failed }

  /// A case that is being moved away.
  struct Move: Codable {
    var end: End
    var error: String?
  }

  private var memory: URL { url.appending(path: ".tessera") }

  /// Makes the folder with its parts, where they are missing.
  func prepare() throws {
    for folder in [url, memory, url.appending(path: End.done.rawValue), url.appending(path: End.failed.rawValue)] {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
  }

  func files() throws -> [WatchedCase.File] {
    let keys: Set<URLResourceKey> = [.isRegularFileKey, .fileSizeKey, .contentModificationDateKey]
    return try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: Array(keys)).compactMap {
      file in
      // One that is gone meanwhile is somebody else's matter.
      guard let values = try? file.resourceValues(forKeys: keys), values.isRegularFile == true else { return nil }
      return WatchedCase.File(
        name: file.lastPathComponent, size: values.fileSize ?? 0,
        modified: values.contentModificationDate ?? .distantPast
      )
    }
  }

  /// Moves a case away, with the reason where it has failed. Once this has begun, `finishMoves` ends it.
  func move(_ name: String, to end: End, error: String? = nil) throws {
    try write(try JSONEncoder().encode(Move(end: end, error: error)), to: memory.appending(path: "\(name).moving"))
    try finishMove(of: name)
  }

  /// Ends moves that a crash has interrupted.
  func finishMoves() throws {
    for file in try remembered("moving") { try finishMove(of: file) }
  }

  private func finishMove(of name: String) throws {
    let mark = memory.appending(path: "\(name).moving")
    let move = try JSONDecoder().decode(Move.self, from: Data(contentsOf: mark))
    let target = url.appending(path: move.end.rawValue)
    if let error = move.error {
      try write(Data((error + "\n").utf8), to: target.appending(path: "\(name).error.txt"))
    }
    for found in WatchedCase.cases(among: try files()) where found.name == name {
      // The manifest last: without it, what is left of a case would be one that isn't complete.
      for file in found.files {
        // Gone: another process was faster.
        _ = rename(url.appending(path: file.name).path, target.appending(path: file.name).path)
      }
    }
    let manifest = url.appending(path: "\(name).json").path
    _ = rename(manifest, target.appending(path: "\(name).json").path)
    try? FileManager.default.removeItem(at: mark)
  }

  // MARK: Runs whose results are waited for

  func remember(_ run: RunID, of name: String) throws {
    try write(Data(run.description.utf8), to: memory.appending(path: "\(name).run"))
  }

  /// Cases by their runs.
  func runs() throws -> [RunID: String] {
    var runs: [RunID: String] = [:]
    for name in try remembered("run") {
      let text = try? String(contentsOf: memory.appending(path: "\(name).run"), encoding: .utf8)
      if let run = text.flatMap({ RunID($0) }) { runs[run] = name }
    }
    return runs
  }

  func forgetRun(of name: String) { try? FileManager.default.removeItem(at: memory.appending(path: "\(name).run")) }

  private func remembered(_ kind: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: memory.path).filter { $0.hasSuffix(".\(kind)") }
      .map { String($0.dropLast(kind.count + 1)) }.sorted()
  }

  private func write(_ data: Data, to file: URL) throws { try data.write(to: file, options: .atomic) }
}
