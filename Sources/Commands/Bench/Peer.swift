internal import Foundation

/// A peer's program: a Python script of the checkout that reads a folder and prints one JSON object.
struct Peer {
  /// Such as `resample`: `Tests/Peers/resample.py`.
  let script: String
  let python: String

  /// Makes a folder, has `work` fill it, and hands it on to `use`; then it is removed.
  static func withFolder<Result>(_ work: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tessera-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try work(folder)
  }

  /// Runs the script on one core.
  /// - Throws: `InputError` when it isn't there, fails, or prints something else.
  func run<Answer: Decodable>(_ arguments: [String], as type: Answer.Type) throws -> Answer {
    let path = "Tests/Peers/\(script).py"
    guard FileManager.default.fileExists(atPath: path) else {
      throw InputError("--peer needs \(path), which isn't here; run the command from the top folder of a checkout.")
    }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", python, path] + arguments
    process.standardOutput = output
    do { try process.run() } catch {
      throw InputError("The peer \(python) can't be started: \(error.localizedDescription)")
    }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // What libraries print before it is no part of the answer.
    let last = String(decoding: printed, as: UTF8.self).split(separator: "\n").last ?? ""
    guard process.terminationStatus == 0, let answer = try? decoder.decode(type, from: Data(last.utf8)) else {
      throw InputError(
        "The peer \(path) ended with \(process.terminationStatus) and printed no result; see its messages above.")
    }
    return answer
  }
}
