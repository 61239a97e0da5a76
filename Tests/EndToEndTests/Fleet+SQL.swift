import Foundation

extension Fleet {
  /// What an operator would see with psql: the rows of a query, their fields joined by `|`.
  func query(_ sql: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", environment["TESSERA_DATABASE_URL"] ?? "", "-c", sql,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "psql refused: \(sql)") }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The one number that a query returns.
  func number(_ sql: String) throws -> Double {
    guard let text = try query(sql).first, let number = Double(text) else {
      throw Failure(description: "no number from: \(sql)")
    }
    return number
  }

  /// Waits until a query returns `t`.
  func wait(_ what: String, within seconds: Double = 60, until sql: String) async throws {
    // The server looks again and again: a psql for each look would take a processor from what is waited for.
    let loop = """
      DO $$BEGIN WHILE (\(sql)) IS NOT TRUE LOOP COMMIT; PERFORM pg_sleep(0.02); END LOOP; END$$
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", environment["TESSERA_DATABASE_URL"] ?? "", "-c", loop,
    ]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    defer { if process.isRunning { process.terminate() } }
    let deadline = ContinuousClock.now + .seconds(seconds)
    while process.isRunning {
      guard ContinuousClock.now < deadline else { throw Failure(description: "waited in vain for \(what)") }
      try await Task.sleep(for: .milliseconds(5))
    }
    guard process.terminationStatus == 0 else { throw Failure(description: "psql refused: \(sql)") }
  }
}
