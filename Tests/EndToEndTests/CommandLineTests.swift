import Foundation
import Testing
import Testkit

/// The program as a shell and a script see it; no server is needed.
@Suite struct CommandLineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(
      arguments, environment: environment, folder: folder.url, directory: folder.url)
  }

  @Test func initWritesAFileThatTheProgramReadsAndNeverOverwritesIt() async throws {
    let file = folder.url.appending(path: "tessera.json5")
    let first = try await run(["init", "--json"])
    #expect(first.code == 0, "\(first)")
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let text = try String(contentsOf: file, encoding: .utf8)
    let settings = text.matches(of: #/(?m)^\s*// "[a-z.]+":/#).count
    #expect(settings >= 30 && first.output.contains("\"settings\" : \(settings)"), "\(settings): \(first)")
    try Data(text.replacing("// \"lease.seconds\": 30", with: "\"lease.seconds\": 0").utf8).write(to: file)
    let changed = try Data(contentsOf: file)
    let doctor = try await run(["doctor", "--fleet", "--config", file.path])
    #expect(doctor.code == 64 && doctor.log.contains("lease.seconds is 0"), "\(doctor)")
    let again = try await run(["init"])
    #expect(again.code == 65 && again.log.contains("--force"), "\(again)")
    #expect(try Data(contentsOf: file) == changed)
    #expect(try await run(["init", "--force"]).code == 0)
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
    #expect(try await run(["init", "nowhere/tessera.json5"]).code == 65)
  }

  @Test func exitCodesTellWhatWentWrong() async throws {
    let nowhere = ["TESSERA_DATABASE_URL": "postgresql://x@127.0.0.1:1/x?connect_timeout=1", "TESSERA_CONFIG": ""]
    #expect(try await run(["--version"]).code == 0)
    #expect(try await run(["exit-codes", "--json"]).output.contains("\"unavailable\""))
    #expect(try await run(["help", "exit-codes"]).output.contains("69  unavailable"))
    let mistyped = try await run(["predct"])
    #expect(mistyped.code == 64 && mistyped.log.contains("Did you mean predict?"), "\(mistyped)")
    #expect(try await run(["predict", "--imput", "x"]).code == 64)
    let unset = try await run(["status"], environment: ["TESSERA_DATABASE_URL": "", "TESSERA_CONFIG": ""])
    #expect(unset.code == 64 && unset.log.contains("TESSERA_DATABASE_URL"), "\(unset)")
    let missing = try await run(["model", "inspect", "nowhere"])
    #expect(missing.code == 65, "\(missing)")
    #expect(try await run(["top", "--once"], environment: nowhere).code == 69)
  }

  @Test func bashTakesTheCompletionScriptAndCompletes() async throws {
    let script = folder.url.appending(path: "tessera.bash")
    let made = try await run(["--generate-completion-script", "bash"])
    #expect(made.code == 0)
    try Data(made.output.utf8).write(to: script)
    let bash = URL(filePath: "/bin/bash")
    #expect(try Program.run(bash, ["-n", script.path]).code == 0)
    func completions(_ words: [String]) throws -> Set<Substring> {
      let list = words.map { "'\($0)'" }.joined(separator: " ")
      let line = words.joined(separator: " ")
      let found = try Program.run(
        bash,
        [
          "-c",
          """
          source \(script.path); COMP_WORDS=(\(list)); COMP_CWORD=\(words.count - 1); COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
          _tessera tessera "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null; printf '%s\\n' "${COMPREPLY[@]}"
          """,
        ])
      return Set(found.log.split(whereSeparator: { " \n".contains($0) }))
    }
    #expect(try completions(["tessera", "pre"]) == ["predict"])
    #expect(try completions(["tessera", "model", "ex"]) == ["export"])
    #expect(try completions(["tessera", "query", "thr"]) == ["throughput"])
    #expect(try completions(["tessera", "worker", "--engine", "wino"]) == ["winograd", "winograd-small"])
    #expect(try completions(["tessera", "submit", "--cl"]) == ["--class"])
    for shell in ["zsh", "fish"] {
      #expect(try await run(["--generate-completion-script", shell]).output.contains("predict"))
    }
  }
}
