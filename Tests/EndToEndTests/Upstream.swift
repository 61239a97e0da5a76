import Foundation
import Testing
import Testkit

/// What other systems would run: the programs of the page Integration, and a few lines of Python for what no honest client sends.
enum Upstream {
  /// Debian's, which has pika and jsonschema by `Compose/install`.
  static let python = "/usr/bin/python3"

  static let hasPika = has("pika")
  static let hasSchemas = has("jsonschema")

  private static func has(_ module: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", "import \(module)"]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// The page's block of Python number `index`.
  static func program(_ index: Int) throws -> String {
    let page = Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/Integration.md")
    let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```python\n").dropFirst()
    return try #require(Array(blocks)[index].components(separatedBy: "```").first)
  }

  /// Runs a Python program to its end and returns what it printed.
  static func run(_ program: String, _ environment: [String: String] = [:], within seconds: Double = 120) async throws
    -> String
  {
    let process = try PythonProcess(program, environment)
    return try await process.finish(within: seconds)
  }
}

/// A Python program as a real process, which a test can kill.
final class PythonProcess {
  private let process = Process()
  private let folder: TemporaryFolder
  private let output: URL
  private let log: URL

  init(_ program: String, _ environment: [String: String]) throws {
    folder = try TemporaryFolder()
    output = folder.url.appending(path: "output")
    log = folder.url.appending(path: "log")
    let script = folder.url.appending(path: "program.py")
    try Data(program.utf8).write(to: script)
    for file in [output, log] { try Data().write(to: file) }
    process.executableURL = URL(filePath: Upstream.python)
    process.arguments = [script.path]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let files = try [output, log].map { try FileHandle(forWritingTo: $0) }
    defer { for file in files { try? file.close() } }
    process.standardOutput = files[0]
    process.standardError = files[1]
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { stop() }

  func stop() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func finish(within seconds: Double) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while process.isRunning {
      guard ContinuousClock.now < deadline else { throw Fleet.Failure(description: "Python didn't end: \(logText)") }
      try await Task.sleep(for: .milliseconds(10))
    }
    guard process.terminationStatus == 0 else { throw Fleet.Failure(description: "Python failed: \(logText)") }
    return try String(contentsOf: output, encoding: .utf8)
  }

  private var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
}
