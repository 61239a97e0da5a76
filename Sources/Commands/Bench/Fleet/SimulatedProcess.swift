internal import Foundation
internal import Machine

/// A process of the simulated fleet: this program again, with the hidden command `bench fleet-role`.
final class SimulatedProcess {
  let role: String
  private let process = Process()
  private let log: URL

  /// - Throws: `InputError` when it can't be started.
  init(_ role: String, _ arguments: [String], _ environment: [String: String]) throws {
    self.role = role
    log = FileManager.default.temporaryDirectory.appending(path: "tessera-\(role)-\(UUID().uuidString).log")
    try Data().write(to: log)
    process.executableURL = try ProgramLocation.executable()
    process.arguments = ["bench", "fleet-role", role] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let file = try FileHandle(forWritingTo: log)
    defer { try? file.close() }
    process.standardError = file
    do { try process.run() } catch {
      throw InputError("A simulated \(role) can't be started: \(error.localizedDescription)")
    }
  }

  var isRunning: Bool { process.isRunning }

  /// The last line of its log.
  var lastWords: String {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").last.map(String.init) ?? "nothing."
  }

  /// Memory in use now, in bytes; 0 when the system doesn't tell.
  var residentBytes: Int { ResidentMemory(of: process.processIdentifier).bytes ?? 0 }

  var openFiles: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count) ?? 0
  }

  func end() {
    // It has nothing to put in order. SIGTERM it may not even hear: a child inherits what the thread that starts it blocks.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: log)
  }
}
