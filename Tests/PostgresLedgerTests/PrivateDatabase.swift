import Foundation
import Testkit

/// A PostgreSQL server of one test's own, that it may kill and start again (`Compose/database`).
final class PrivateDatabase: Sendable {
  let url: String
  private let folder: URL

  static let isInstalled = FileManager.default.fileExists(atPath: "/usr/lib/postgresql")

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "tessera-database-\(UUID().uuidString.prefix(8))")
    try Self.script("start", folder)
    url = try String(contentsOf: folder.appending(path: "url"), encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  deinit {
    try? Self.script("stop", folder)
    try? FileManager.default.removeItem(at: folder)
  }

  /// SIGKILL for all its processes, in the middle of whatever they do.
  func kill() throws { try Self.script("kill", folder) }
  func start() throws { try Self.script("start", folder) }

  private static func script(_ action: String, _ folder: URL) throws {
    let process = Process()
    process.executableURL = Fixtures.repository.appending(path: "Compose/database")
    process.arguments = [action, folder.path]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(action: action, code: process.terminationStatus) }
  }

  struct Failure: Error, CustomStringConvertible {
    var action: String
    var code: Int32
    var description: String { "Compose/database \(action) exited with \(code); its message is above." }
  }
}
