public import Foundation

/// Another program, run to its end.
public enum Program {
  /// - Returns: the exit code, and standard output and error together.
  public static func run(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> (code: Int32, log: String) {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let log = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: log, as: UTF8.self))
  }
}
