import Foundation

/// What a test sees of a fleet from outside: with an operator's own tools.
extension Fleet {
  /// The numbers of the processes that `process` has started and that still run.
  static func children(of process: Int32) throws -> [Int32] {
    try output(of: "/bin/ps", ["-o", "pid=", "--ppid", "\(process)"]).split(separator: "\n")
      .compactMap { Int32($0.trimmingCharacters(in: .whitespaces)) }
  }

  /// Jobs that a worker was given and that somebody had been given before, by its log.
  static func redeliveries(in log: String) -> Int {
    log.split(separator: "\n").count { $0.contains("predicting tile") && $0.contains(#/deliveries=[1-9]/#) }
  }

  /// Runs a program to its end; an exit code is not looked at, as `ps` has one for an empty list.
  private static func output(of program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
