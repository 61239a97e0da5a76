internal import Foundation

/// A program that prints its answer as JSON and says everything else on standard error.
struct ChildProgram {
  let executable: String
  let arguments: [String]
  /// What an error calls it.
  var name: String?

  /// Runs it to its end and reads the answer: all that it prints, or the last line of it, keys in snake case.
  /// - Throws: `InputError` when it can't be started, fails, or prints something else; with the end of its standard error.
  func answer<Answer: Decodable>(_ type: Answer.Type) throws -> Answer {
    let process = Process()
    let output = Pipe()
    let messages = FileManager.default.temporaryDirectory.appending(path: "tessera-child-\(UUID().uuidString)")
    try Data().write(to: messages)
    defer { try? FileManager.default.removeItem(at: messages) }
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: messages)
    process.standardInput = FileHandle.nullDevice
    let called = name ?? executable
    do { try process.run() } catch {
      throw InputError("\(called) can't be started: \(error.localizedDescription)")
    }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // What libraries print before it is no part of the answer.
    let last = String(decoding: printed, as: UTF8.self).split(separator: "\n").last ?? ""
    if process.terminationStatus == 0,
      let answer = (try? decoder.decode(type, from: printed)) ?? (try? decoder.decode(type, from: Data(last.utf8)))
    {
      return answer
    }
    let said = ((try? String(contentsOf: messages, encoding: .utf8)) ?? "").split(separator: "\n").last.map(String.init)
    throw InputError(
      "\(called) ended with \(process.terminationStatus) and printed no result; \(said.map { "it said last: \($0)" } ?? "it said nothing.")"
    )
  }
}
