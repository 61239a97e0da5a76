import Foundation
import Testkit

/// A PostgreSQL server of one test's own, that it may kill and start again (`Compose/database`).
final class PrivateDatabase: Sendable {
  let url: String
  let folder: URL

  static let isInstalled = FileManager.default.fileExists(atPath: "/usr/lib/postgresql")

  /// - Parameter tls: Whether it speaks TLS only; then `folder/tls` has the authority too.
  init(tls: Bool = false) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "tessera-database-\(UUID().uuidString.prefix(8))")
    if tls {
      try Self.certificates(["ca", "\(folder.path)/tls"])
      try Self.certificates(["server", "\(folder.path)/tls", "server", "localhost"])
    }
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

  /// Gives the server another certificate, and starts it again.
  func present(_ name: String, days: Int) throws {
    try Self.certificates(["server", "\(folder.path)/tls", "other", name], days: days)
    for kind in ["crt", "key"] {
      // In place, as the file belongs to the server's user.
      let file = try FileHandle(forWritingTo: folder.appending(path: "data/server.\(kind)"))
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: Data(contentsOf: folder.appending(path: "tls/other.\(kind)")))
      try file.close()
    }
    try Self.script("restart", folder)
  }

  /// Runs `Compose/certificates`.
  static func certificates(_ arguments: [String], days: Int = 30) throws {
    try run("certificates", arguments, environment: ["DAYS": "\(days)"])
  }

  private static func script(_ action: String, _ folder: URL) throws { try run("database", [action, folder.path]) }

  private static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    let process = Process()
    process.executableURL = Fixtures.repository.appending(path: "Compose/\(name)")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(words: [name] + arguments, code: process.terminationStatus)
    }
  }

  struct Failure: Error, CustomStringConvertible {
    var words: [String]
    var code: Int32
    var description: String { "Compose/\(words.joined(separator: " ")) exited with \(code); its message is above." }
  }
}
