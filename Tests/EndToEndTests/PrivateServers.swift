import Foundation
import Testkit

/// A RabbitMQ and a PostgreSQL on loopback. A test that has its own may kill them and start them again; see `SharedServers` for all others.
final class PrivateServers: Sendable {
  let folder: URL
  /// `TESSERA_AMQP_URL`, `TESSERA_DATABASE_URL`.
  let environment: [String: String]

  /// Whether the servers are installed here.
  static let areInstalled =
    ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/sbin/rabbitmq-server"].contains {
      FileManager.default.fileExists(atPath: $0)
    } && FileManager.default.fileExists(atPath: "/usr/lib/postgresql")

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "tessera-e2e-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let exports = try Self.compose(["servers", "start", folder.path])
    var environment: [String: String] = [:]
    for line in exports.split(separator: "\n") where line.hasPrefix("export ") {
      let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      environment[parts[0]] = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "'\""))
    }
    self.environment = environment
  }

  deinit {
    // Nobody needs what the broker would put in order.
    try? killBroker()
    _ = try? Self.compose(["servers", "stop", folder.path])
    try? FileManager.default.removeItem(at: folder)
  }

  func killBroker() throws { _ = try Self.compose(["broker", "kill", folder.appending(path: "broker").path]) }
  func startBroker() throws { _ = try Self.compose(["broker", "start", folder.appending(path: "broker").path]) }
  /// Runs `rabbitmqctl` for this broker.
  func controlBroker(_ words: [String]) throws {
    _ = try Self.compose(["broker", "ctl", folder.appending(path: "broker").path] + words)
  }
  /// Makes an empty database.
  func makeDatabase(_ name: String) throws {
    let made = try Program.run(
      URL(filePath: "/usr/bin/env"),
      [
        "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", environment["TESSERA_DATABASE_URL"] ?? "", "-c",
        "CREATE DATABASE \(name)",
      ])
    guard made.code == 0 else { throw ScriptFailure(words: ["make the database", name], output: made.log) }
  }
  func killDatabase() throws { _ = try Self.compose(["database", "kill", folder.appending(path: "database").path]) }
  func startDatabase() throws { _ = try Self.compose(["database", "start", folder.appending(path: "database").path]) }

  /// Runs a script of `Compose` and returns what it printed.
  private static func compose(_ words: [String]) throws -> String {
    let process = Process()
    process.executableURL = Fixtures.repository.appending(path: "Compose/\(words[0])")
    process.arguments = Array(words.dropFirst())
    let output = FileManager.default.temporaryDirectory.appending(path: "tessera-compose-\(UUID().uuidString)")
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    // A file, not a pipe: the servers inherit it and outlive the script.
    let file = try FileHandle(forWritingTo: output)
    defer { try? file.close() }
    process.standardOutput = file
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    guard process.terminationStatus == 0 else { throw ScriptFailure(words: words, output: text) }
    return text
  }

  struct ScriptFailure: Error, CustomStringConvertible {
    var words: [String]
    var output: String
    var description: String { "Compose/\(words.joined(separator: " ")) failed: \(output)" }
  }
}
