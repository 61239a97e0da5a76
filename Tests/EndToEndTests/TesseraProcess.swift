import Foundation
import Testkit

/// A `tessera` of this build, as a real process: what a test can start, watch and kill.
final class TesseraProcess {
  private let process = Process()
  private let log: URL
  private let output: URL

  /// The executable that this test was built with.
  static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "tessera")

  /// Starts `tessera` with `arguments`; standard error goes to a file in `folder`. It works in `directory`, the test's own when `nil`.
  init(_ arguments: [String], environment: [String: String], folder: URL, directory: URL? = nil) throws {
    let name = "\(arguments[0])-\(UUID().uuidString.prefix(8))"
    log = folder.appending(path: "\(name).log")
    output = folder.appending(path: "\(name).out")
    for file in [log, output] { try Data().write(to: file) }
    process.executableURL = Self.executable
    process.arguments = arguments
    // Nothing of a test stays in the user's cache.
    process.environment = ProcessInfo.processInfo.environment.merging(["TESSERA_WEIGHTS_CACHE": "none"]) { $1 }
      .merging(environment) { $1 }
    // The child has its own copies. Those of hundreds of processes would pass the thousand descriptors that Foundation can wait for.
    let files = try [log, output].map { try FileHandle(forWritingTo: $0) }
    defer { for file in files { try? file.close() } }
    process.standardError = files[0]
    process.standardOutput = files[1]
    process.standardInput = FileHandle.nullDevice
    if let directory { process.currentDirectoryURL = directory }
    try process.run()
  }

  deinit { if process.isRunning { send(SIGKILL) } }

  /// The process's number.
  var number: Int32 { process.processIdentifier }

  var isRunning: Bool { process.isRunning }

  /// What it has written to standard error so far.
  var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  func send(_ signal: Int32) { _ = kill(process.processIdentifier, signal) }

  /// Waits for the end and returns exit code and standard output.
  func finish(within seconds: Double = 300) async throws -> (code: Int32, output: String) {
    try await wait("\(process.arguments?.first ?? "") to end", within: seconds) { !self.process.isRunning }
    return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
  }

  /// Waits until `condition` holds.
  /// - Throws: `TimeOut` with the log's end.
  func wait(_ what: String, within seconds: Double, until condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
      guard ContinuousClock.now < deadline else { throw TimeOut(what: what, log: String(logText.suffix(2000))) }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  struct TimeOut: Error, CustomStringConvertible {
    var what: String
    var log: String
    var description: String { "waited in vain for \(what); the log ends with:\n\(log)" }
  }

  /// Runs `tessera` to its end.
  static func run(
    _ arguments: [String], environment: [String: String], folder: URL, directory: URL? = nil
  ) async throws -> (code: Int32, output: String, log: String) {
    let process = try TesseraProcess(arguments, environment: environment, folder: folder, directory: directory)
    let (code, output) = try await process.finish()
    return (code, output, process.logText)
  }
}
