import Digests
import FleetConformance
import FleetContracts
import Testing

@testable import PostgresLedger

/// Every promise broken by force, with the database's guards switched off: its view must see it, and no other.
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct InvariantTests {
  private struct Harm: CustomTestStringConvertible {
    var invariant: Invariant
    var broken: String
    /// `RUN` is the first run (predicting, two tiles queued), `DONE` the second (completed), `PASS` and `DONEPASS` are theirs.
    var sql: [String]
    var testDescription: String { "\(invariant): \(broken)" }

    init(_ invariant: Invariant, _ broken: String, _ sql: String...) {
      self.invariant = invariant
      self.broken = broken
      self.sql = sql
    }
  }

  private static let copyOfDone = """
    INSERT INTO fleet.runs (id, model, model_name, options, request_digest, state, started_at, finished_at, label_map, label_voxels,
      engine, software_version)
    SELECT 'ffffffff-0000-7000-8000-000000000000', model, model_name, options, request_digest, state, started_at, finished_at,
      label_map, repeat('7', 64), engine, software_version FROM fleet.runs WHERE id = 'DONE'
    """

  private static let harms = [
    Harm(
      .runsEnd, "a run is held for more than a day ahead",
      "UPDATE fleet.runs SET state = 'preparing', owner = 'a', lease_until = now() + interval '2 days' WHERE id = 'RUN'",
      "DELETE FROM fleet.outbox"),
    Harm(.runsEnd, "a run has tiles to predict, but none are planned", "DELETE FROM fleet.passes WHERE id = 'PASS'"),
    Harm(
      .runsEnd, "a tile waits for a moment more than a day ahead",
      "UPDATE fleet.tiles SET state = 'planned', published_at = NULL, not_before = now() + interval '2 days' WHERE pass = 'PASS' AND tile = 0"
    ),
    Harm(
      .runsEnd, "a message is held by a relay", "UPDATE fleet.outbox SET claimed_until = now() + interval '2 days'"),
    Harm(
      .oneResult, "a tile is done without a result",
      "UPDATE fleet.tiles SET state = 'done' WHERE pass = 'PASS' AND tile = 0"),
    Harm(
      .oneResult, "a run has measurements without being completed",
      """
      INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml, tenant, model_name, model)
      SELECT id, 1, 'grey', 0, 0, tenant, model_name, model FROM fleet.runs WHERE id = 'RUN'
      """),
    Harm(
      .oneResult, "a run is completed twice",
      "INSERT INTO fleet.run_events (run, state, epoch) SELECT run, state, epoch FROM fleet.run_events WHERE run = 'DONE' AND state = 'completed'"
    ),
    Harm(.sameBits, "equal requests have different results", copyOfDone),
    Harm(
      .cancelIsFinal, "a message of a run that is over waits to be published",
      "UPDATE fleet.runs SET state = 'cancelled', finished_at = now() WHERE id = 'RUN'"),
    Harm(
      .cancelIsFinal, "a result was taken after its run was over",
      "UPDATE fleet.runs SET state = 'cancelled', finished_at = now() WHERE id = 'RUN'",
      "INSERT INTO fleet.run_events (run, state, epoch) VALUES ('RUN', 'cancelled', 1)",
      """
      INSERT INTO fleet.tile_results
        (pass, tile, probabilities, bytes, attempt, worker, engine, fetch_seconds, infer_seconds, put_seconds)
      VALUES ('PASS', 0, repeat('7', 64), 1, 1, 'a', 'blas/avx2', 0, 0, 0)
      """),
    Harm(
      .tilesAddUp, "planned tiles differ from those in the ledger", "DELETE FROM fleet.tiles WHERE pass = 'DONEPASS'"),
    Harm(
      .tilesAddUp, "a run is stitched or completed though a tile is missing",
      "UPDATE fleet.tiles SET state = 'dead' WHERE pass = 'DONEPASS'"),
    Harm(
      .tilesAddUp, "all tiles of a run are in, but nobody may stitch it",
      "UPDATE fleet.tiles SET state = 'done' WHERE pass = 'PASS'"),
    Harm(
      .tilesAddUp, "a tile is dead, but its run goes on",
      "UPDATE fleet.tiles SET state = 'dead' WHERE pass = 'PASS' AND tile = 0"),
    Harm(.tilesAddUp, "a queued tile is neither in the outbox nor published", "DELETE FROM fleet.outbox"),
    Harm(.tilesAddUp, "a pass has miscounted its results", "UPDATE fleet.passes SET accepted = 1 WHERE id = 'PASS'"),
    Harm(
      .digestsVerify, "the last verification found something",
      "INSERT INTO fleet.verifications (run, tiles, stitched, findings, software_version) VALUES ('DONE', 1, false, '[\"x\"]', '1')"
    ),
    Harm(
      .legalSteps, "a run has gone an illegal way",
      "INSERT INTO fleet.run_events (run, state, epoch) VALUES ('RUN', 'completed', 1)"),
    Harm(
      .legalSteps, "a run's history doesn't begin with its submission",
      "DELETE FROM fleet.run_events WHERE run = 'RUN' AND state = 'submitted'"),
    Harm(
      .legalSteps, "a run's epoch has gone back",
      "UPDATE fleet.run_events SET epoch = 7 WHERE run = 'RUN' AND state = 'preparing'"),
    Harm(
      .legalSteps, "a run is not where its history ends", "UPDATE fleet.runs SET epoch = epoch + 1 WHERE id = 'RUN'"),
    Harm(
      .oneEnd, "a run is over, but no event tells its end",
      "DELETE FROM fleet.run_events WHERE run = 'DONE' AND state = 'completed'"),
    Harm(
      .urgentFirst, "others' tiles were handed out while an urgent run's first tile waited",
      "UPDATE fleet.runs SET class = 'stat' WHERE id = 'RUN'",
      "UPDATE fleet.runs SET finished_at = now() + interval '1 minute' WHERE id = 'DONE'",
      "UPDATE fleet.tiles SET queued_at = now() + interval '10 seconds' WHERE pass = 'PASS'",
      "UPDATE fleet.tiles SET queued_at = now() + interval '9 seconds' WHERE pass = 'DONEPASS'"),
    Harm(
      .cleanDrain, "a worker has stopped with tiles in hand",
      """
      INSERT INTO fleet.workers (name, life, number, host, state, slots, busy_slots, software_version, tiles)
      VALUES ('host-1', gen_random_uuid(), 1, 'host', 'stopped', 2, 1, '0.1.0', 0)
      """),
  ]

  private struct Runs {
    var run: RunID
    var done: RunID
    var pass: PassID
    var donePass: PassID
  }

  private func made(by ledger: PostgresLedger) async throws -> Runs {
    try await ledger.register(.example)
    let done = try await ledger.submit(.example).run
    let plans = [PassPlan(document: .example, tiles: 1), PassPlan(document: .example, tiles: 2)]
    let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
    try await ledger.plan(plans[0], of: claim)
    _ = try await ledger.enqueueTiles(window: 1)
    let message = try #require(try await ledger.claimOutbox(limit: 1, lease: .seconds(30)).first)
    try await ledger.markPublished([message])
    _ = try await ledger.record(
      TileResult(
        job: try message.message.tileJob(), outcome: .computed(probabilities: .example, bytes: 1), worker: "host-1",
        engine: "blas/avx2"))
    let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(30)))
    try await ledger.complete(
      stitch.claim,
      RunOutcome(
        labelMap: .example, labelVoxels: .example,
        labels: [LabelMeasurement(label: 1, name: "grey", voxels: 8000, volume: 8.5)], timings: [], engine: "blas/avx2",
        softwareVersion: "0.1.0"))

    var submission = Submission.example
    submission.images = [Digest(of: "other".utf8)]
    let run = try await ledger.submit(submission).run
    let second = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
    try await ledger.plan(plans[1], of: second)
    _ = try await ledger.enqueueTiles(window: 2)
    return Runs(run: run, done: done, pass: plans[1].id, donePass: plans[0].id)
  }

  @Test func eachBrokenPromiseIsSeenByItsView() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let runs = try await made(by: ledger)
      let sound = try await ledger.audit(limit: 100)
      #expect(sound.violations == [] && sound.runs == 2 && sound.tiles == 3)
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      for harm in Self.harms {
        try connection.run(script: "BEGIN; SET LOCAL session_replication_role = replica")
        for sql in harm.sql {
          try connection.execute(
            sql.replacing("DONEPASS", with: "\(runs.donePass)").replacing("DONE'", with: "\(runs.done)'")
              .replacing("PASS", with: "\(runs.pass)").replacing("RUN'", with: "\(runs.run)'"))
        }
        let seen = try connection.execute("SELECT broken FROM fleet.violations_\("\(harm.invariant)".lowercased())")
          .map { try $0.value("broken", as: String.self) }
        #expect(seen.contains { $0.hasPrefix(harm.broken) }, "\(harm.testDescription): \(seen)")
        // Who asks every minute sees the same, as both runs are of late.
        let lately = try connection.execute("SELECT invariant FROM fleet.violations_of_late('1 hour')")
          .map { try $0.value("invariant", as: String.self) }
        #expect(
          lately.contains { $0.hasPrefix("\(harm.invariant) \(harm.broken)") }, "\(harm.testDescription): \(lately)")
        try connection.run(script: "ROLLBACK")
      }
      #expect(try await ledger.audit(limit: 100).violations == [])
      await ledger.close()
    }
  }

  @Test func aRunThatHasBeenOverForLongIsOnlyLookedAtByAnAudit() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let runs = try await made(by: ledger)
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      try connection.run(
        script: """
          SET session_replication_role = replica;
          UPDATE fleet.runs SET finished_at = now() - interval '2 hours' WHERE id = '\(runs.done)';
          DELETE FROM fleet.tiles WHERE pass = '\(runs.donePass)'
          """)
      #expect(try await ledger.violations() == [:])
      #expect(try await ledger.audit(limit: 10).violations.contains { $0.run == runs.done })
      await ledger.close()
    }
  }

  /// An urgent run that waits while it, or everything, is paused isn't overtaken.
  @Test func aPauseExplainsWhyAnUrgentRunWaits() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let runs = try await made(by: ledger)
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      try connection.run(
        script: """
          SET session_replication_role = replica;
          UPDATE fleet.runs SET class = 'stat' WHERE id = '\(runs.run)';
          UPDATE fleet.runs SET finished_at = now() + interval '1 minute' WHERE id = '\(runs.done)';
          UPDATE fleet.tiles SET queued_at = now() + interval '10 seconds' WHERE pass = '\(runs.pass)';
          UPDATE fleet.tiles SET queued_at = now() + interval '9 seconds' WHERE pass = '\(runs.donePass)';
          """)
      #expect(try await ledger.audit(limit: 10).violations.map(\.invariant) == [.urgentFirst])
      try await ledger.pause(.runClass(.stat))
      #expect(try await ledger.audit(limit: 10).violations == [])
      #expect(try await ledger.resume(.runClass(.stat)))
      #expect(try await ledger.audit(limit: 10).violations == [])
      try await database.execute(
        "UPDATE fleet.past_pauses SET resumed_at = paused_at, paused_at = now() - interval '1 day'")
      try await database.execute("UPDATE fleet.past_pauses SET resumed_at = now() - interval '1 hour'")
      #expect(try await ledger.audit(limit: 10).violations.map(\.invariant) == [.urgentFirst])
      await ledger.close()
    }
  }

  @Test func everyPromiseHasAViewWithItsWords() async throws {
    try await withDatabase { database in
      for invariant in Invariant.allCases {
        let view = "fleet.violations_\("\(invariant)".lowercased())"
        let comment = try await database.execute("SELECT obj_description('\(view)'::regclass) AS value").first ?? nil
        let words = invariant.promise.components(separatedBy: ",")[0]
        #expect(comment?.hasPrefix("\(invariant), \(words)") == true, "\(comment ?? "")")
        #expect(try await database.execute("SELECT broken AS value FROM \(view)") == [])
      }
    }
  }

  @Test func anAuditSaysWhatIsBroken() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let runs = try await made(by: ledger)
      try await database.execute("DELETE FROM fleet.outbox")
      let report = try await ledger.audit(limit: 1)
      #expect(report.violations.map(\.invariant) == [.tilesAddUp] && report.violations.first?.run == runs.run)
      #expect(report.violations.first?.broken == "a queued tile is neither in the outbox nor published")
      await ledger.close()
    }
  }

  @Test func aTileThatWasComputedAgainIsCountedAndARepeatedMessageIsNot() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      _ = try await made(by: ledger)
      let jobs = try await ledger.claimOutbox(limit: 2, lease: .seconds(30)).map { try $0.message.tileJob() }
      func result(_ job: TileJob, worker: String, seconds: Double) -> TileResult {
        TileResult(
          job: job, outcome: .computed(probabilities: .example, bytes: 1), worker: worker, engine: "blas/avx2",
          timings: TileTimings(infer: seconds))
      }
      let first = result(jobs[0], worker: "host-1", seconds: 1.25)
      #expect(try await ledger.record(first) == .accepted(completesPass: false))
      for _ in 0..<3 { #expect(try await ledger.record(first) == .duplicate) }
      #expect(try await ledger.audit(limit: 1).recomputedTiles == 0)
      for _ in 0..<3 { #expect(try await ledger.record(result(jobs[0], worker: "host-2", seconds: 1.5)) == .duplicate) }
      #expect(try await ledger.audit(limit: 1).recomputedTiles == 1)
      #expect(
        try await database.execute(
          "SELECT concat_ws('|', worker, outcome, times) AS value FROM fleet.extra_results ORDER BY worker")
          == ["host-1|duplicate|3", "host-2|duplicate|3"])
      await ledger.close()
    }
  }
}
