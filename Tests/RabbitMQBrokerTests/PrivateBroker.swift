import Foundation
import Testing

/// A RabbitMQ node that belongs to one suite: `Compose/broker` starts it in a temporary folder, and the suite may do to it
/// what an accident would.
struct PrivateBroker: Sendable {
  let url: String
  let folder: String

  /// The broker of the running suite.
  @TaskLocal static var current: PrivateBroker?

  /// Whether RabbitMQ is installed here.
  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/lib/rabbitmq/bin/rabbitmq-server")

  /// - Parameter tls: Whether it speaks TLS only; then `folder/tls` has the authority too.
  static func start(tls: Bool = false) async throws -> PrivateBroker {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tessera-broker-\(UUID().uuidString)").path
    if tls {
      try await certificates("ca", folder + "/tls")
      try await certificates("server", folder + "/tls", "server", "localhost,127.0.0.1")
    }
    try await run("start", folder)
    let url = try String(contentsOfFile: folder + "/url", encoding: .utf8).trimmingCharacters(in: .newlines)
    return PrivateBroker(url: url, folder: folder)
  }

  /// As a crash of the machine would end it.
  func kill() async throws { try await Self.run("kill", folder) }

  /// Starts the node again, where it was, with what it had.
  func restart() async throws { try await Self.run("start", folder) }

  /// Crash, and loss of all that was stored.
  func wipe() async throws { try await Self.run("wipe", folder) }

  func freeze() async throws { try await Self.run("freeze", folder) }
  func thaw() async throws { try await Self.run("thaw", folder) }

  /// Runs `rabbitmqctl`.
  func control(_ arguments: String...) async throws { try await Self.run("ctl", folder, arguments) }

  func remove() async throws {
    try await Self.run("kill", folder)
    try FileManager.default.removeItem(atPath: folder)
  }

  struct ScriptFailure: Error {
    var action: String
    var status: Int32
    var output: String
  }

  private static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Compose").standardizedFileURL

  /// Runs `Compose/certificates`.
  static func certificates(
    _ action: String, _ folder: String, _ arguments: String..., days: Int = 30
  ) async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try await run(action, folder, arguments, of: "certificates", environment: ["DAYS": "\(days)"])
  }

  /// A user for each role, with the rights of `Compose/broker-users`; returns the folder with their passwords.
  func makeUsers() async throws -> String {
    let users = folder + "/users"
    try FileManager.default.createDirectory(atPath: users, withIntermediateDirectories: true)
    let definitions = try await Self.run("definitions", users, of: "broker-users")
    try definitions.write(toFile: users + "/definitions.json", atomically: true, encoding: .utf8)
    // Definitions come as a file's content or not at all, so the program returns before they are in force.
    try await control("import_definitions", users + "/definitions.json")
    return users
  }

  @discardableResult
  private static func run(
    _ action: String, _ folder: String, _ arguments: [String] = [], of script: String = "broker",
    environment: [String: String] = [:]
  ) async throws -> String {
    // Through a file: a pipe would stay open for as long as any process has inherited it.
    let log = folder + ".log"
    try Data().write(to: URL(filePath: log))
    defer { try? FileManager.default.removeItem(atPath: log) }
    let output = try FileHandle(forWritingTo: URL(filePath: log))
    defer { try? output.close() }
    let process = Process()
    process.executableURL = scripts.appending(path: script)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.arguments = [action, folder] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    guard status == 0 else { throw ScriptFailure(action: action, status: status, output: text) }
    return text
  }
}

/// Starts a private broker before a suite's first test and removes it after the last.
struct PrivateBrokerTrait: SuiteTrait, TestScoping {
  var tls = false

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let broker = try await PrivateBroker.start(tls: tls)
    do {
      try await PrivateBroker.$current.withValue(broker) { try await function() }
    } catch {
      try await broker.remove()
      throw error
    }
    try await broker.remove()
  }
}

extension Trait where Self == PrivateBrokerTrait {
  static var privateBroker: Self { Self() }
  static var privateBrokerWithTLS: Self { Self(tls: true) }
}
