import Foundation
import Testing
import Testkit

/// The order of the work, with real processes, RabbitMQ and PostgreSQL: urgent before routine, tenants side by side, pausing, cancelling.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct DispatchTests {
  private let image = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")

  private func submit(_ fleet: Fleet, _ arguments: [String]) async throws -> String {
    struct Receipt: Decodable { var run: String }
    let output = try await fleet.succeed(["submit", image.path, "--model", "tissue", "--json"] + arguments)
    return try Fleet.decode(Receipt.self, from: output).run
  }

  /// A job in a worker's hands, by its log.
  private struct Job {
    var run: String
    var begun: Date
    /// `nil` while it is in hand.
    var end: Date?
  }

  /// The workers' jobs in the order in which they were begun.
  private func jobs(of workers: [TesseraProcess]) throws -> [Job] {
    struct Line: Decodable {
      var time: String
      var message: String
      var run: String?
    }
    let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    var jobs: [Job] = []
    for worker in workers {
      // The last line may be half written.
      let lines = worker.logText.split(separator: "\n").compactMap { try? Fleet.decode(Line.self, from: String($0)) }
      for line in lines {
        guard let run = line.run else { continue }
        if line.message == "predicting tile" { jobs.append(Job(run: run, begun: try time.parse(line.time))) }
        if line.message == "tile predicted" { jobs[jobs.count - 1].end = try time.parse(line.time) }
      }
    }
    return jobs.sorted { $0.begun < $1.begun }
  }

  @Test(.timeLimit(.minutes(10)))
  func urgentStudiesWaitForAtMostOneJobAndTenantsShareFairly() async throws {
    let fleet = try await Fleet()
    let dispatcher = try await fleet.start("dispatcher")
    let aggregator = try await fleet.start("aggregator")
    let logs = ["TESSERA_LOG_FORMAT": "json"]
    let workers = [
      try await fleet.start("worker", environment: logs), try await fleet.start("worker", environment: logs),
    ]

    // Many small steps make many tiles; mirroring makes them long.
    var backlog: [String] = []
    while try backlog.isEmpty || fleet.number("SELECT coalesce(sum(tiles), 0) FROM fleet.passes") < 500 {
      backlog.append(try await submit(fleet, ["--step_size", "0.2"]))
      try await fleet.wait(
        "the backlog to be planned",
        until: "SELECT count(*) = \(backlog.count) FROM fleet.passes")
    }
    try await fleet.wait("some tiles", until: "SELECT count(*) >= 4 FROM fleet.tile_results")
    let stat = try await submit(fleet, ["--class", "stat", "--disable_tta"])
    try await fleet.wait(
      "the STAT study's first tile",
      until:
        "SELECT EXISTS (SELECT FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run = '\(stat)')")
    let planned = Date(
      timeIntervalSince1970: try fleet.number(
        "SELECT extract(epoch FROM min(planned_at)) FROM fleet.passes WHERE run = '\(stat)'"))
    let all = try jobs(of: workers)
    let first = try #require(all.first { $0.run == stat }).begun
    let wait = first.timeIntervalSince(planned)
    let longest = all.compactMap { $0.end?.timeIntervalSince($0.begun) }.max() ?? 0
    print("STAT behind \(backlog.count) runs: waited \(wait) s, the longest job took \(longest) s")
    // Beside the job: from planning to the outbox and the broker, on a machine that does other things too.
    #expect(wait <= longest + 1)
    let inBetween = all.count { $0.begun > planned && $0.begun < first }
    #expect(inBetween <= workers.count, "jobs begun after the STAT study was ready and before its first tile")

    let status = try await fleet.succeed(["status", backlog[0]])
    #expect(status.contains("place ") && status.contains("done in "), "\(status)")

    // Nobody wants the backlog any more.
    let cancelled = try await fleet.succeed(["cancel"] + backlog)
    #expect(cancelled.components(separatedBy: "is cancelled").count == backlog.count + 1)
    _ = try await fleet.digest(of: stat)
    for run in backlog { #expect(try await fleet.status(run).state == "cancelled") }
    #expect(try fleet.number("SELECT count(*) FROM fleet.outbox") == 0)

    // A flood of one tenant, and another's study behind it.
    var flood: [String] = []
    for _ in 0..<3 {
      flood.append(try await submit(fleet, ["--tenant", "flood", "--step_size", "0.3", "--disable_tta"]))
    }
    try await fleet.wait(
      "the flood",
      until: "SELECT count(*) = 3 FROM fleet.passes p JOIN fleet.runs r ON r.id = p.run WHERE tenant = 'flood'")
    let other = try await submit(fleet, ["--tenant", "other", "--step_size", "0.3", "--disable_tta"])
    try await fleet.wait(
      "half of the other's tiles", within: 120,
      until: "SELECT coalesce(bool_or(accepted * 2 > tiles), false) FROM fleet.passes WHERE run = '\(other)'")
    let since = try jobs(of: workers).drop { $0.run != other }
    let share = Double(since.count { $0.run == other }) / Double(since.count)
    print("The other tenant's share beside a flood: \(share)")
    #expect(share >= 0.45)

    // A paused tenant's studies wait, and go on.
    try await fleet.succeed(["pause", "--tenant", "flood"])
    let held = try await submit(fleet, ["--tenant", "flood", "--disable_tta"])
    _ = try await fleet.digest(of: other)
    let queued = """
      SELECT count(*) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
      WHERE r.tenant = 'flood' AND t.state = 'queued'
      """
    try await fleet.wait("the tiles in hand", until: "SELECT (\(queued)) = 0")
    #expect(try await fleet.status(held).state == "submitted")
    #expect(try await fleet.succeed(["pause", "--list"]).contains("tenant flood"))
    try await fleet.succeed(["cancel"] + flood)
    try await fleet.succeed(["resume", "--tenant", "flood"])
    #expect(try await fleet.digest(of: held) == fleet.digest(of: stat))

    #expect(try fleet.query("SELECT invariant, detail FROM fleet.ledger_violations") == [])
    for role in [dispatcher, aggregator] + workers { #expect(role.isRunning) }
  }
}
