import Foundation
import Testing
import Testkit

/// `tessera serve` as a real process, and those who use it.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct ServeCommandTests {
  private static let brain = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")
  private static let small = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")

  /// One fleet for all: starting servers takes longer than what is tested.
  @Test(.timeLimit(.minutes(5))) func studiesComeByHTTPAndNothingIsLostOrDouble() async throws {
    let servers = try PrivateServers()
    let fleet = try await Fleet(on: servers)
    try await refusals(fleet)
    let token = try await fleet.succeed(["token", "create", "gateway", "--scope", "submit", "--scope", "read"])
      .trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(!token.isEmpty && token.hasPrefix("tessera_"))
    let api = try WatchedProcess()
    var server = try await fleet.start("serve", ["--listen", api.listen])
    let up = try TesseraProcess(["up"], environment: fleet.environment, folder: fleet.folder.url)
    if FileManager.default.fileExists(atPath: "/usr/bin/python3") {
      try await documentedClient(fleet, api, token)
    } else {
      print("skipped: python3 is missing, so the client of the page HTTPAPI was not run")
    }
    try await oneKeyManyTimes(fleet, api, token)
    server = try await killedDuringAnUpload(fleet, api, token, server)
    try await databaseIsAway(servers, api, token)
    _ = try await fleet.succeed(["token", "revoke", "gateway"])
    try await Task.sleep(for: .seconds(5.5))
    #expect(try await Curl(api, token).get("/v1/models").status == 401, "a revoked token opens nothing")
    server.send(SIGTERM)
    #expect(try await server.finish(within: 60).code == 0)
    up.send(SIGTERM)
    _ = try await up.finish(within: 60)
  }

  private func refusals(_ fleet: Fleet) async throws {
    for (arguments, word) in [
      (["--listen", "127.0.0.1:0"], "tessera token create"), (["--listen", "0.0.0.0:0"], "tessera token create"),
      (["--listen", "0.0.0.0:0", "--open"], "loopback"), (["--listen", "nowhere"], "HOST:PORT"),
    ] {
      let result = try await TesseraProcess.run(
        ["serve"] + arguments, environment: fleet.environment, folder: fleet.folder.url)
      #expect(result.code != 0 && result.log.contains(word), "\(arguments): \(result.log)")
    }
    let api = try WatchedProcess()
    let open = try await fleet.start("serve", ["--listen", api.listen, "--open"])
    #expect(try await Curl(api, nil).get("/v1/models").status == 200)
    open.send(SIGTERM)
    #expect(try await open.finish(within: 60).code == 0)
  }

  /// The client of the page HTTPAPI, as it stands there.
  private func documentedClient(_ fleet: Fleet, _ api: WatchedProcess, _ token: String) async throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/HTTPAPI.md"), encoding: .utf8)
    let program = try #require(
      page.components(separatedBy: "```python\n").dropFirst().first?.components(separatedBy: "```").first)
    let file = fleet.folder.url.appending(path: "client.py")
    try program.write(to: file, atomically: true, encoding: .utf8)
    func run() throws -> String {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/python3")
      process.arguments = [file.path, "http://\(api.listen)", Self.brain.path, "tissue", "brain-1"]
      process.environment = ProcessInfo.processInfo.environment.merging(["TESSERA_TOKEN": token]) { $1 }
      process.currentDirectoryURL = fleet.folder.url
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let data = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return String(decoding: data, as: UTF8.self)
    }
    let first = try run()
    #expect(first.contains("tessera.run.completed"), "\(first)")
    let volumes = first.split(separator: "\n").filter { $0.hasSuffix(" mL") }
    let expected = try fleet.query(
      "SELECT s.name || ': ' || round(s.volume_ml::numeric, 2) || ' mL' FROM fleet.label_statistics s ORDER BY s.label")
    #expect(!expected.isEmpty && volumes.map(String.init) == expected)
    let downloaded = try Data(contentsOf: fleet.folder.url.appending(path: "brain-1.nii.gz"))
    let digest = try #require(try fleet.query("SELECT label_map FROM fleet.runs").first)
    let stored = try Data(contentsOf: blob(digest, fleet))
    #expect(downloaded == stored)
    #expect(try run().contains("tessera.run.completed"), "again, with the same key")
    #expect(try fleet.number("SELECT count(*) FROM fleet.runs") == 1)
  }

  private func oneKeyManyTimes(_ fleet: Fleet, _ api: WatchedProcess, _ token: String) async throws {
    let codes = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 {
        group.addTask {
          try await Curl(api, token).run(
            [
              "-H", "Idempotency-Key: same", "-F", "model=tissue", "-F", "image=@\(Self.small.path)", "-F",
              "mirroring=false",
            ], "/v1/runs"
          ).status
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(codes).isSubset(of: [201, 409]) && codes.contains(201), "\(codes)")
    #expect(try fleet.number("SELECT count(*) FROM fleet.runs WHERE idempotency_key = 'same'") == 1)
  }

  private func killedDuringAnUpload(
    _ fleet: Fleet, _ api: WatchedProcess, _ token: String, _ server: TesseraProcess
  ) async throws -> TesseraProcess {
    let temporary = fleet.folder.url.appending(path: "store/temporary")
    func partial() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: temporary.path).filter { $0.hasPrefix("incoming-") }
    }
    func upload(_ more: [String]) async throws -> Int {
      try await Curl(api, token).run(
        more + [
          "-H", "Idempotency-Key: killed", "-F", "model=tissue", "-F", "image=@\(Self.brain.path)", "-F",
          "mirroring=false",
        ], "/v1/runs"
      ).status
    }
    // Slow enough to be in the middle.
    async let broken = upload(["--limit-rate", "100k"])
    let deadline = ContinuousClock.now + .seconds(60)
    while try partial().isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
    #expect(try partial().count == 1)
    server.send(SIGKILL)
    #expect(try await broken == 0, "the caller has no answer")
    #expect(try partial().count == 1, "what was killed leaves its file")
    let again = try await fleet.start("serve", ["--listen", api.listen])
    #expect(try partial().isEmpty, "and who comes next removes it")
    #expect(try fleet.number("SELECT count(*) FROM fleet.runs WHERE idempotency_key = 'killed'") == 0)
    #expect(try await upload([]) == 201)
    #expect(try fleet.number("SELECT count(*) FROM fleet.runs WHERE idempotency_key = 'killed'") == 1)
    // And a caller that goes away.
    async let gone = upload(["--limit-rate", "100k", "--max-time", "1"])
    #expect(try await gone == 0)
    while try !partial().isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
    #expect(try partial().isEmpty)
    return again
  }

  private func databaseIsAway(_ servers: PrivateServers, _ api: WatchedProcess, _ token: String) async throws {
    try servers.killDatabase()
    let answer = try await Curl(api, token).run(["-i"], "/v1/models")
    #expect(answer.status == 503 && answer.text.lowercased().contains("retry-after: 5"), "\(answer.text)")
    try servers.startDatabase()
    let deadline = ContinuousClock.now + .seconds(60)
    while try await Curl(api, token).get("/v1/models").status != 200, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(100))
    }
    #expect(try await Curl(api, token).get("/v1/models").status == 200, "and it is there again by itself")
  }

  private func blob(_ digest: String, _ fleet: Fleet) -> URL {
    fleet.folder.url.appending(path: "store/\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))/\(digest)")
  }
}

/// A caller that people know.
private struct Curl {
  let api: WatchedProcess
  let token: String?

  init(_ api: WatchedProcess, _ token: String?) {
    self.api = api
    self.token = token
  }

  func get(_ path: String) async throws -> (status: Int, text: String) { try await run([], path) }

  /// Status 0 where there was no answer.
  func run(_ arguments: [String], _ path: String) async throws -> (status: Int, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["curl", "-s", "-w", "\n%{http_code}"] + (token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []) + arguments
      + ["http://\(api.listen)\(path)"]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        continuation.resume(returning: (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n")))
      }
    }
  }
}
