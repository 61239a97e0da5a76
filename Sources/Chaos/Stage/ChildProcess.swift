internal import Dispatch
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A process that chaos has started, and may stop, thaw and kill. It dies with the returned value.
public final class ChildProcess {
  /// What it is called in reports, such as `worker-2`.
  let name: String
  let log: URL
  let output: URL
  private let process = Process()

  /// - Parameters:
  ///   - folder: where standard error (`NAME.log`) and standard output (`NAME.out`) go.
  /// - Throws: `ChaosError` when it can't be started.
  init(_ name: String, _ executable: URL, _ arguments: [String], environment: [String: String], folder: URL) throws {
    self.name = name
    log = folder.appending(path: "\(name).log")
    output = folder.appending(path: "\(name).out")
    process.executableURL = executable
    process.arguments = arguments
    process.environment = environment
    do {
      for file in [log, output] { try Data().write(to: file) }
      let files = try [log, output].map { try FileHandle(forWritingTo: $0) }
      defer { for file in files { try? file.close() } }
      process.standardError = files[0]
      process.standardOutput = files[1]
      process.standardInput = FileHandle.nullDevice
      try process.run()
    } catch {
      throw ChaosError("Starting \(executable.path) \(arguments.joined(separator: " ")) failed: \(error).")
    }
  }

  deinit { if process.isRunning { send(SIGKILL) } }

  var identifier: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  /// Once it has ended: the exit code, or the signal that ended it.
  var ending: String {
    process.terminationReason == .uncaughtSignal
      ? "signal \(process.terminationStatus)" : "exit code \(process.terminationStatus)"
  }
  var exitCode: Int32? {
    !process.isRunning && process.terminationReason == .exit ? process.terminationStatus : nil
  }
  var wasKilled: Bool {
    !process.isRunning && process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
  }

  func send(_ signal: Int32) { _ = Glibc.kill(identifier, signal) }

  /// What it has written to standard error so far.
  var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
  var outputText: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  /// How often its log says `phrase`.
  func count(of phrase: String) -> Int { logText.components(separatedBy: phrase).count - 1 }

  /// Whether the kernel has stopped it (SIGSTOP).
  var isStopped: Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
      let parenthesis = status.lastIndex(of: ")")
    else { return false }
    return status[parenthesis...].dropFirst(2).first == "T"
  }
}

/// A short pause that also passes in a task that was cancelled, which has things to put away.
enum Moment {
  static func pass(milliseconds: Int) async {
    if Task.isCancelled {
      usleep(UInt32(milliseconds) * 1000)
    } else {
      try? await Task.sleep(for: .milliseconds(milliseconds))
    }
  }
}

/// Programs that are run to their end.
enum Script {
  /// What it printed on standard output.
  /// - Throws: `ChaosError` with the end of its standard error when it fails.
  @discardableResult
  static func run(
    _ executable: URL, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment
  ) async throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tessera-chaos-script-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: servers that a script starts inherit them and outlive it.
    let child = try ChildProcess("script", executable, arguments, environment: environment, folder: folder)
    // Also when the task is cancelled: a script that is left alone half-way leaves half a server.
    while child.isRunning { await Moment.pass(milliseconds: 5) }
    guard child.exitCode == 0 else {
      throw ChaosError(
        "\(executable.lastPathComponent) \(arguments.joined(separator: " ")) ended with \(child.ending): \(child.logText.suffix(600))"
      )
    }
    return child.outputText
  }
}
