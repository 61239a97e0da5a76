import Foundation
import Testing
import Testkit

/// The operations' pages hold what they promise.
@Suite(.serialized)
struct WalkTests {
  /// From nothing to three workers on TLS, as the page says it, and back: `Compose/walk` runs every command of the page Deployment.
  @Test(
    .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"),
    .timeLimit(.minutes(5)))
  func thePageDeploymentIsWalkedFromItsFirstToItsLastCommand() throws {
    let folder = try TemporaryFolder()
    let walk = folder.url.appending(path: "walk")
    let log = folder.url.appending(path: "log")
    try Data().write(to: log)
    let process = Process()
    process.executableURL = Fixtures.repository.appending(path: "Compose/walk")
    process.arguments = [walk.path]
    process.environment = ProcessInfo.processInfo.environment.merging(["TESSERA": TesseraProcess.executable.path]) {
      $1
    }
    let file = try FileHandle(forWritingTo: log)
    process.standardOutput = file
    process.standardError = file
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try file.close()
    let text = try String(contentsOf: log, encoding: .utf8)
    #expect(process.terminationStatus == 0, "\(text.suffix(4000))")
    #expect(text.contains("== the walk is done"))
    #expect(!text.contains("PROBLEM"), "\(text)")
    // Three workers and then a fourth were asked to stop, and did.
    for worker in 1...4 {
      let words = try String(contentsOf: walk.appending(path: "worker-\(worker).log"), encoding: .utf8)
      #expect(words.contains("worker started") && words.contains("connected to the broker"), "\(words.suffix(1000))")
    }
    // No secret in any log.
    let secrets = try FileManager.default.contentsOfDirectory(atPath: walk.appending(path: "secrets").path)
      .filter { $0.hasSuffix(".password") }
      .map {
        try String(contentsOf: walk.appending(path: "secrets/\($0)"), encoding: .utf8).trimmingCharacters(in: .newlines)
      }
    #expect(secrets.count == 12)
    for name in try FileManager.default.contentsOfDirectory(atPath: walk.path) where name.hasSuffix(".log") {
      let words = try String(contentsOf: walk.appending(path: name), encoding: .utf8)
      for secret in secrets { #expect(!words.contains(secret), "\(name)") }
    }
  }

  /// Every `tessera …` in a block of these pages names a command and options that exist.
  @Test(.timeLimit(.minutes(5))) func everyCommandOnThePagesExists() async throws {
    let folder = try TemporaryFolder()
    var commands: [String: Set<String>] = [:]
    for page in ["Operations", "Deployment", "Monitoring", "Integration", "HTTPAPI"] {
      let text = try String(
        contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/\(page).md"), encoding: .utf8)
      // Odd pieces between fences are blocks.
      for (index, piece) in text.components(separatedBy: "```").enumerated() where index % 2 == 1 {
        for line in piece.split(separator: "\n") { collect(String(line.prefix { $0 != "#" }), into: &commands) }
      }
    }
    #expect(commands.count >= 10, "\(commands.keys)")
    for (command, options) in commands {
      let answer = try await TesseraProcess.run(
        command.split(separator: " ").map(String.init) + ["--help"], environment: [:], folder: folder.url)
      #expect(answer.code == 0, "tessera \(command): \(answer.log)")
      for option in options {
        #expect(answer.output.contains(option), "tessera \(command) has no \(option)")
      }
    }
  }

  /// Words and options of each `tessera …` in a line; words end at the first that isn't a plain lower-case one.
  private func collect(_ line: String, into commands: inout [String: Set<String>]) {
    for match in line.matches(of: #/(?:^|[\s;(&])tessera ([a-z][^;|&<>)]*)/#) {
      var words: [String] = []
      var options: Set<String> = []
      let twoWords: Set = ["migrate", "model", "bench", "dlq", "webhooks", "token"]
      for part in match.1.split(separator: " ") {
        if part.hasPrefix("-") {
          options.insert(String(part.prefix { $0 != "=" }))
        } else if words.isEmpty || (words.count == 1 && options.isEmpty && twoWords.contains(words[0])) {
          words.append(String(part))
        }
      }
      commands[words.joined(separator: " "), default: []].formUnion(options)
    }
  }
}
