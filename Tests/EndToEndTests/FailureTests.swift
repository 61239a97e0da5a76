import Foundation
import Testing
import Testkit

/// What becomes of tiles that fail and of workers that are broken: real processes, of which some are made to fail by `TESSERA_FAULT`.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct FailureTests {
  private let image = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")
  private let model = Fixtures.directory.appending(path: "Task501/model")

  /// The result of `tessera predict`, without any server.
  private func expected() async throws -> String {
    let folder = try TemporaryFolder()
    let result = try await TesseraProcess.run(
      [
        "predict", "-i", image.path, "-o", folder.url.path, "-d", model.path, "--disable_tta", "--json",
      ], environment: [:], folder: folder.url)
    try #require(result.code == 0, "\(result.log)")
    struct Report: Decodable { var labelSha256: String }
    return try #require(try Fleet.decode([Report].self, from: result.output).first).labelSha256
  }

  private struct Letter: Decodable {
    var id: Int
    var state: String
    var run: String?
    var tile: Int?
    var failureKind: String?
  }

  private func letters(_ fleet: Fleet, _ arguments: [String] = []) async throws -> [Letter] {
    try Fleet.decode([Letter].self, from: try await fleet.succeed(["dlq", "ls", "--json"] + arguments))
  }

  private struct Quarantined: Decodable {
    var worker: String
    var reason: String
  }

  private func quarantined(_ fleet: Fleet) async throws -> [Quarantined] {
    try Fleet.decode([Quarantined].self, from: try await fleet.succeed(["quarantine", "ls", "--json"]))
  }

  @Test(.timeLimit(.minutes(5)))
  func aPoisonTileIsDeadAfterItsBudgetAndAReplayCompletesItsRun() async throws {
    let expected = try await expected()
    let fleet = try await Fleet()
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let faulty = try await fleet.start("worker", environment: ["TESSERA_FAULT": "worker.fetched#1=fail:poison"])
    let run = try await fleet.submit(image)
    let failed = try await fleet.end(of: run)
    #expect(failed.state == "failed" && failed.acceptedTiles < failed.plannedTiles)
    #expect(faulty.logText.components(separatedBy: "tile failed").count == 4, "tried three times")
    #expect(faulty.isRunning)

    let letter = try #require(try await letters(fleet, ["--open", "--run", run]).first)
    #expect(letter.tile == 1 && letter.failureKind == "poison" && letter.run == run)
    #expect(try await fleet.succeed(["dlq", "show", "\(letter.id)"]).contains("poison, attempt 3"))

    // The dead tile alone, without any server.
    let file = fleet.folder.url.appending(path: "tile.zip").path
    try await fleet.succeed(["dlq", "repro", "\(letter.id)", "--output", file])
    struct Repro: Decodable { var sha256: String? }
    var digests: Set<String> = []
    for threads in ["1", "2"] {
      let result = try await TesseraProcess.run(
        ["dlq", "run", file, "--threads", threads, "--json"], environment: [:], folder: fleet.folder.url)
      try #require(result.code == 0, "\(result.log)")
      digests.insert(try #require(try Fleet.decode(Repro.self, from: result.output).sha256))
    }
    #expect(digests.count == 1)
    let broken = try await TesseraProcess.run(
      ["dlq", "run", image.path], environment: [:], folder: fleet.folder.url)
    #expect(broken.code == 65, "no file of `dlq repro`")

    faulty.send(SIGTERM)
    _ = try await faulty.finish(within: 60)
    // On a slow machine some others were still waiting when the budget was spent.
    let kept = try fleet.number("SELECT count(*) FROM fleet.tile_results")
    let sound = try await fleet.start("worker")
    #expect(try await fleet.succeed(["dlq", "replay", "\(letter.id)"]).contains("is replayed"))
    #expect(try await fleet.succeed(["dlq", "replay", "\(letter.id)"]).contains("was replayed before"))
    #expect(try await fleet.digest(of: run) == expected)
    #expect(try await letters(fleet, ["--open"]).isEmpty)
    let computed = sound.logText.components(separatedBy: "tile predicted").count - 1
    #expect(Double(computed) == Double(failed.plannedTiles) - kept, "what others have computed counts")
    for role in roles { #expect(role.isRunning) }
  }

  @Test(.timeLimit(.minutes(5)))
  func aWorkerWhoseResultsAreNoProbabilitiesIsQuarantinedAndTheRunHasTheRightBits() async throws {
    let expected = try await expected()
    let fleet = try await Fleet()
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let broken = try await fleet.start("worker", environment: ["TESSERA_FAULT": "worker.computed=nan"])
    let run = try await fleet.submit(image)
    try await broken.wait("the quarantine", within: 60) { broken.logText.contains("this worker is quarantined") }
    let found = try #require(try await quarantined(fleet).first)
    #expect(found.reason.contains("tiles were rejected"))
    #expect(try await fleet.status(run).state == "predicting")

    let sound = try await fleet.start("worker")
    #expect(try await fleet.digest(of: run) == expected)
    #expect(sound.isRunning && broken.isRunning)

    try await fleet.succeed(["quarantine", "release", found.worker])
    try await broken.wait("the release", within: 60) { broken.logText.contains("released from quarantine") }
    for role in roles { #expect(role.isRunning) }
  }

  /// Each tile is computed twice; where the results differ, a third worker decides.
  @Test(.timeLimit(.minutes(5)))
  func aWorkerThatComputesWrongBitsIsFoundByCanariesAndOutvoted() async throws {
    let expected = try await expected()
    let fleet = try await Fleet()
    let roles = [
      try await fleet.start("dispatcher", environment: ["TESSERA_CANARY_SHARE": "1"]),
      try await fleet.start("aggregator"), try await fleet.start("worker"), try await fleet.start("worker"),
    ]
    let broken = try await fleet.start("worker", environment: ["TESSERA_FAULT": "worker.computed=corrupt"])
    let run = try await fleet.submit(image)
    try await broken.wait("the quarantine", within: 60) { broken.logText.contains("this worker is quarantined") }
    #expect(try await fleet.digest(of: run) == expected)
    let found = try await quarantined(fleet)
    #expect(found.count == 1 && found.first?.reason.contains("others with the same engine") == true, "\(found)")
    for role in roles { #expect(role.isRunning) }
  }

  /// The broker would notice a worker that stands still after two heartbeats, which are minutes here.
  @Test(.timeLimit(.minutes(5)))
  func aTileOfAWorkerThatStandsStillIsComputedByAnother() async throws {
    let expected = try await expected()
    let fleet = try await Fleet(environment: ["TESSERA_HEARTBEAT_SECONDS": "120"])
    let dispatcher = try await fleet.start("dispatcher")
    let aggregator = try await fleet.start("aggregator")
    let still = try await fleet.start("worker", environment: ["TESSERA_FAULT": "worker.fetched@1=stop"])
    let run = try await fleet.submit(image)
    try await still.wait("the first tile", within: 60) { still.logText.contains("predicting tile") }
    try await Task.sleep(for: .seconds(1))
    let quick = try await fleet.start("worker")
    #expect(try await fleet.digest(of: run) == expected)
    #expect(dispatcher.logText.contains("given to a second worker"))
    #expect(Fleet.redeliveries(in: quick.logText) == 0, "the broker didn't notice")
    still.send(SIGCONT)
    #expect(quick.isRunning && aggregator.isRunning)
  }
}
