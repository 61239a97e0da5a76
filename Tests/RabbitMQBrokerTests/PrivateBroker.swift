import Foundation
import Testing

/// A RabbitMQ node that belongs to one suite: `Compose/broker` starts it in a temporary folder, and the suite may do to it
/// what an accident would.
struct PrivateBroker: Sendable {
  let url: String
  private let folder: String

  /// The broker of the running suite.
  @TaskLocal static var current: PrivateBroker?

  /// Whether RabbitMQ is installed here.
  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/lib/rabbitmq/bin/rabbitmq-server")

  static func start() async throws -> PrivateBroker {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tessera-broker-\(UUID().uuidString)").path
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

  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Compose/broker").standardizedFileURL

  private static func run(_ action: String, _ folder: String, _ arguments: [String] = []) async throws {
    // Through a file: a pipe would stay open for as long as any process has inherited it.
    let log = folder + ".log"
    try Data().write(to: URL(filePath: log))
    defer { try? FileManager.default.removeItem(atPath: log) }
    let output = try FileHandle(forWritingTo: URL(filePath: log))
    defer { try? output.close() }
    let process = Process()
    process.executableURL = script
    process.arguments = [action, folder] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    guard status == 0 else {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      throw ScriptFailure(action: action, status: status, output: text)
    }
  }
}

/// Starts a private broker before a suite's first test and removes it after the last.
struct PrivateBrokerTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let broker = try await PrivateBroker.start()
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
}
