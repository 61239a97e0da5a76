internal import Foundation

/// A RabbitMQ and a PostgreSQL on loopback that belong to chaos alone: it may kill, freeze, wipe and starve them.
public final class PrivateServers: Sendable {
  let folder: URL
  private let compose: URL
  /// `TESSERA_AMQP_URL`, `TESSERA_DATABASE_URL`.
  let environment: [String: String]

  /// Starts both.
  /// - Parameters:
  ///   - folder: for their data.
  ///   - compose: the folder with the scripts.
  /// - Throws: `ChaosError`.
  init(in folder: URL, compose: URL) async throws {
    self.folder = folder
    self.compose = compose
    let printed = try await Script.run(compose.appending(path: "servers"), ["start", folder.path])
    var environment: [String: String] = [:]
    for line in printed.split(separator: "\n") where line.hasPrefix("export ") {
      let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { environment[parts[0]] = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "'\"")) }
    }
    self.environment = environment
  }

  func broker(_ action: String, _ arguments: String...) async throws {
    try await Script.run(
      compose.appending(path: "broker"), [action, folder.appending(path: "broker").path] + arguments)
  }

  /// RabbitMQ's rabbitmqctl.
  func broker(ctl arguments: [String]) async throws {
    try await Script.run(
      compose.appending(path: "broker"), ["ctl", folder.appending(path: "broker").path] + arguments)
  }

  /// `start`, `stop`, `kill`, `restart`.
  func database(_ action: String) async throws {
    try await Script.run(compose.appending(path: "database"), [action, folder.appending(path: "database").path])
  }

  /// Runs statements as the database's superuser; each is a transaction of its own.
  func psql(_ statements: String...) async throws {
    try await Script.run(
      URL(filePath: "/usr/bin/env"),
      ["psql", environment["TESSERA_DATABASE_URL"] ?? "", "-XqAt", "-v", "ON_ERROR_STOP=1"]
        + statements.flatMap { ["-c", $0] })
  }

  /// A streaming replica of the database.
  struct Replica: Sendable {
    let folder: URL
    let compose: URL
    /// Names both servers; libpq takes the one that can be written to.
    let eitherURL: String

    func promote() async throws {
      try await Script.run(compose.appending(path: "database"), ["promote", folder.path])
    }

    func stop() async throws {
      try await Script.run(compose.appending(path: "database"), ["stop", folder.path])
    }
  }

  var replicaFolder: URL { folder.appending(path: "replica") }

  func addReplica() async throws -> Replica {
    let primary = folder.appending(path: "database")
    try await Script.run(compose.appending(path: "database"), ["replica", replicaFolder.path, primary.path])
    let ports = try [primary, replicaFolder].map {
      try String(contentsOf: $0.appending(path: "port"), encoding: .utf8).trimmingCharacters(
        in: .whitespacesAndNewlines)
    }
    let url = (environment["TESSERA_DATABASE_URL"] ?? "").replacing(
      ":\(ports[0])/", with: ":\(ports[0]),127.0.0.1:\(ports[1])/")
    return Replica(folder: replicaFolder, compose: compose, eitherURL: url + "?target_session_attrs=read-write")
  }

  func stop() async throws {
    try await Script.run(compose.appending(path: "servers"), ["stop", folder.path])
  }
}
