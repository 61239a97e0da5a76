import Foundation
import Testing
import Testkit

/// What a worker survives, and how it leaves: real processes, signals, broker and database.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct WorkerTests {
  private let image = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")
  private let model = Fixtures.directory.appending(path: "Task501/model")

  /// The label voxels' digest of a fleet where nothing happens.
  private func expected() async throws -> String {
    let folder = try TemporaryFolder()
    let result = try await TesseraProcess.run(
      ["predict", "-i", image.path, "-o", folder.url.path, "-d", model.path, "--disable_tta", "--json"],
      environment: [:], folder: folder.url)
    try #require(result.code == 0, "\(result.log)")
    struct Report: Decodable { var labelSha256: String }
    return try #require(try Fleet.decode([Report].self, from: result.output).first).labelSha256
  }

  /// Waits until the worker begins a tile that it hadn't begun before.
  private func nextTile(of worker: TesseraProcess) async throws {
    let before = worker.logText.components(separatedBy: "predicting tile").count
    try await worker.wait("the worker to begin a tile", within: 60) {
      worker.logText.components(separatedBy: "predicting tile").count > before
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aCrashCostsItsTileOneAttemptAndNobodyElseAnything() async throws {
    let expected = try await expected()
    let fleet = try await Fleet()
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let worker = try await fleet.start("worker", ["--slots", "2"], fault: "worker.fetched#1=delay:2")
    let run = try await fleet.submit(image)
    try await worker.wait("tile 1 to be begun", within: 60) { worker.logText.contains(#/tile=1 .*predicting tile/#) }
    let children = try Fleet.children(of: worker.number)
    #expect(children.count == 2, "one for each slot")
    // Either slot may have the tile; SIGTERM and SIGINT are left to the worker.
    for child in children {
      for signal in [SIGTERM, SIGINT, SIGKILL] { _ = kill(child, signal) }
    }
    #expect(try await fleet.digest(of: run) == expected)
    #expect(worker.isRunning && worker.logText.contains("was ended by signal 9"))
    let failures = try fleet.query("SELECT kind FROM fleet.tile_failures")
    // The other slot may have had a tile in hand too.
    #expect((1...2).contains(failures.count) && Set(failures) == ["poison"], "\(failures)")
    #expect(Fleet.redeliveries(in: worker.logText) == 0, "the worker kept its connection")

    // Whoever computes dies with the worker, in the middle of whatever it does.
    let last = try await fleet.submit(image)
    try await nextTile(of: worker)
    let orphans = try Fleet.children(of: worker.number)
    #expect(orphans.count == 2)
    worker.send(SIGKILL)
    _ = try await worker.finish()
    let deadline = ContinuousClock.now + .seconds(60)
    while orphans.contains(where: { kill($0, 0) == 0 }) {
      try #require(ContinuousClock.now < deadline, "\(orphans) outlive their worker")
      try await Task.sleep(for: .milliseconds(10))
    }
    let successor = try await fleet.start("worker")
    #expect(try await fleet.digest(of: last) == expected)
    for role in roles + [successor] { #expect(role.isRunning) }
    struct Worker: Decodable {
      var worker: String
      var state: String
      var tiles: Int
    }
    let workers = try Fleet.decode([Worker].self, from: try await fleet.succeed(["workers", "--json"]))
    #expect(workers.count == 2 && workers.contains { $0.worker.hasSuffix("-\(successor.number)") })
  }

  /// One SIGTERM lets the tile be finished, two put it back at once: neither is a redelivery or costs an attempt.
  @Test(.timeLimit(.minutes(5)))
  func stoppingWorkersBurnsNothing() async throws {
    let expected = try await expected()
    let fleet = try await Fleet(environment: ["TESSERA_OVERDUE_SECONDS": "300"])
    let dispatcher = try await fleet.start("dispatcher")
    let aggregator = try await fleet.start("aggregator")
    let run = try await fleet.submit(image)
    var logs = ""
    for round in 0..<4 {
      let worker = try await fleet.start("worker", fault: "worker.fetched=delay:0.5")
      try await nextTile(of: worker)
      worker.send(SIGTERM)
      if round.isMultiple(of: 2) {
        try await worker.wait("the first signal to be taken", within: 60) { worker.logText.contains("asked to stop") }
        worker.send(SIGTERM)
      }
      #expect(try await worker.finish(within: 60).code == 0)
      logs += worker.logText
    }
    let last = try await fleet.start("worker")
    #expect(try await fleet.digest(of: run) == expected)
    #expect(logs.contains("tile abandoned"))
    #expect(Fleet.redeliveries(in: logs + last.logText) == 0)
    #expect(try fleet.query("SELECT count(*) FROM fleet.tile_failures") == ["0"])
    #expect(try fleet.query("SELECT count(*) FROM fleet.tiles WHERE attempts <> 1") == ["0"])
    let states = try fleet.query("SELECT state, count(*) FROM analytics.workers GROUP BY state ORDER BY state")
    #expect(states == ["running|1", "stopped|4"])
    for role in [dispatcher, aggregator, last] { #expect(role.isRunning) }
  }

  /// A worker that stood still for longer than the broker waits finishes its tile late: one result counts.
  @Test(.timeLimit(.minutes(5)))
  func aZombiesLateResultChangesNothing() async throws {
    let expected = try await expected()
    let fleet = try await Fleet(environment: ["TESSERA_HEARTBEAT_SECONDS": "1", "TESSERA_OVERDUE_SECONDS": "300"])
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let zombie = try await fleet.start("worker")
    let run = try await fleet.submit(image)
    try await nextTile(of: zombie)
    zombie.send(SIGSTOP)
    let other = try await fleet.start("worker")
    // The broker gives the zombie up after two heartbeats and a little; its tile is then somebody else's.
    try await other.wait("the zombie's tile to be delivered again", within: 60) {
      Fleet.redeliveries(in: other.logText) > 0
    }
    zombie.send(SIGCONT)
    try await zombie.wait("the late acknowledgement to fail", within: 60) {
      zombie.logText.contains("its delivery was lost")
    }
    #expect(try await fleet.digest(of: run) == expected)
    #expect(try fleet.query("SELECT count(*) FROM fleet.digest_conflicts") == ["0"])
    #expect(try fleet.query("SELECT count(*) FROM fleet.tiles WHERE attempts <> 1") == ["0"])
    for role in roles + [zombie, other] { #expect(role.isRunning) }
  }

  /// A tile that takes longer than the broker waits for its acknowledgement is computed once, not again and again.
  @Test(.timeLimit(.minutes(5)))
  func aTileLongerThanTheBrokersPatienceIsComputedOnce() async throws {
    let expected = try await expected()
    let servers = try PrivateServers()
    let fleet = try await Fleet(
      on: servers, environment: ["TESSERA_OVERDUE_SECONDS": "300", "TESSERA_ACK_TIMEOUT_SECONDS": "2"])
    for setting in ["consumer_timeout, 2000", "channel_tick_interval, 1000"] {
      try servers.controlBroker(["eval", "application:set_env(rabbit, \(setting))."])
    }
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let worker = try await fleet.start("worker", fault: "worker.fetched#1=delay:6")
    let run = try await fleet.submit(image)
    #expect(try await fleet.digest(of: run) == expected)
    let log = worker.logText
    #expect(log.contains("the broker closed a channel") && log.contains("its result is told again"))
    #expect(log.contains("raise the broker's consumer_timeout"))
    let begun = log.split(separator: "\n").count { $0.contains(#/tile=1 .*predicting tile/#) }
    #expect(begun == 1, "tile 1 was begun \(begun) times")
    for role in roles + [worker] { #expect(role.isRunning) }
  }
}
