import Foundation
import Testkit

/// A headless Chromium that a script of `Tests/Browser` drives as a person would. Its screenshots stay in `.build/screenshots`, or in the
/// folder that `TESSERA_SCREENSHOTS` names.
enum BrowserProcess {
  /// Whether Chromium, its driver and Selenium for Python are installed here.
  static let isInstalled = [
    "/usr/bin/chromium", "/usr/bin/chromedriver", "/usr/lib/python3/dist-packages/selenium/__init__.py",
  ].allSatisfy { FileManager.default.fileExists(atPath: $0) }

  static var screenshots: URL {
    ProcessInfo.processInfo.environment["TESSERA_SCREENSHOTS"].map { URL(filePath: $0) }
      ?? Fixtures.repository.appending(path: ".build/screenshots")
  }

  /// Runs a part of `dashboard.py` to its end and returns what it printed.
  /// - Throws: `Failure` with what the script complained of.
  static func run(_ part: String, _ place: String, _ arguments: [String] = []) async throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments =
      [Fixtures.repository.appending(path: "Tests/Browser/dashboard.py").path, part, place, screenshots.path]
      + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    let folder = try TemporaryFolder()
    let files = try ["out", "err"].map { name in
      let file = folder.url.appending(path: name)
      try Data().write(to: file)
      return file
    }
    let handles = try files.map { try FileHandle(forWritingTo: $0) }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    for handle in handles { try? handle.close() }
    let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
    guard process.terminationStatus == 0 else {
      throw Failure(description: "dashboard.py \(part): \(texts[1].suffix(3000))")
    }
    return texts[0].trimmingCharacters(in: .whitespacesAndNewlines)
  }

  struct Failure: Error, CustomStringConvertible { var description: String }
}
