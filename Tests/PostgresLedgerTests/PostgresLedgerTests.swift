import Digests
import FleetConformance
import FleetContracts
import Foundation
import Testing

@testable import PostgresLedger

@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct PostgresLedgerTests {
  @Test func anIllegalChangeOfStateIsRefusedByTheDatabase() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      let run = try await ledger.submit(.example).run
      await #expect(throws: PostgresError.self) {
        try await database.execute("UPDATE fleet.runs SET state = 'stitching', started_at = now() WHERE id = '\(run)'")
      }
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
      try await ledger.fail(claim, RunFailure(kind: .invalid, reason: "x"))
      await #expect(throws: PostgresError.self) {
        try await database.execute("UPDATE fleet.runs SET failure_reason = 'y' WHERE id = '\(run)'")
      }
      await ledger.close()
    }
  }

  @Test func analystsSeeVolumesAndSummaries() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      _ = try await ledger.submit(.example)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
      try await ledger.plan(PassPlan(document: .example, tiles: 0), of: claim)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(30)))
      let outcome = RunOutcome(
        labelMap: .example, labelVoxels: .example,
        labels: [LabelMeasurement(label: 1, name: "grey", voxels: 8000, volume: 8.5)], timings: [], engine: "blas/avx2",
        softwareVersion: "0.1.0")
      try await ledger.complete(stitch.claim, outcome)
      #expect(
        try await database.execute(
          """
          SELECT concat_ws('|', model, label_name, voxels, round(volume_ml::numeric, 2), finished_at IS NOT NULL) AS value
          FROM analytics.label_volumes ORDER BY label
          """) == ["example|grey|8000|8.50|t"])
      #expect(
        try await database.execute(
          "SELECT concat_ws('|', model, state, label_sha256, planned_tiles) AS value FROM analytics.run_summary")
          == ["example|completed|\(Digest.example)|0"])
      await ledger.close()
    }
  }

  @Test func aRunOfSeveralEnginesShows() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      _ = try await ledger.submit(.example)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
      try await ledger.plan(PassPlan(document: .example, tiles: 3), of: claim)
      _ = try await ledger.enqueueTiles(window: 10)
      for message in try await ledger.claimOutbox(limit: 10, lease: .seconds(30)) {
        let job = try message.message.tileJob()
        _ = try await ledger.record(
          TileResult(
            job: job, outcome: .computed(probabilities: Digest(of: "tile \(job.tile)".utf8), bytes: 1),
            worker: "host-1",
            engine: job.tile == 1 ? "blas/avx2/Haswell" : "winograd/avx2"))
      }
      #expect(
        try await database.execute(
          "SELECT concat_ws('|', position, engine, tiles, workers, mixed) AS value FROM analytics.run_engines ORDER BY engine"
        )
          == ["0|blas/avx2/Haswell|1|1|t", "0|winograd/avx2|2|1|t"])
      await ledger.close()
    }
  }

  @Test func everyTableColumnAndViewIsDescribed() async throws {
    try await withDatabase { database in
      let bare = try await database.execute(
        """
        SELECT c.oid::regclass || coalesce('.' || a.attname, '') AS value
        FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace IN ('fleet'::regnamespace, 'analytics'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm')
          AND NOT c.relispartition
          AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)
        """)
      #expect(bare == [])
    }
  }

  /// Whoever adds a column for a digest decides here whether it names a blob; if so, `neededBlobs` must know it, or `tessera clean` removes it.
  @Test func theCleanerKnowsEachColumnWithADigest() async throws {
    let needed: Set = [
      "models.digest", "models.previous", "run_inputs.image", "pass_requests.previous_image", "runs.label_map",
      "runs.probabilities", "runs.properties", "passes.label_map", "passes.probabilities", "passes.document",
      "dead_letters.document", "tile_results.probabilities", "tile_votes.probabilities",
      "trainings.data", "training_jobs.checkpoint", "training_jobs.result",
    ]
    // Names of models that are needed anyway, digests of other things than blobs, and blobs that are kept for nobody.
    let others: Set = [
      "model_labels.model", "model_names.model", "runs.model", "pass_requests.model", "passes.model",
      "runs.request_digest", "runs.label_voxels", "runs.merkle_root", "passes.label_voxels",
      "dead_letters.body_digest", "digest_conflicts.probabilities", "rejected_results.probabilities",
      "access_tokens.digest", "trainings.request_digest", "training_checkpoints.checkpoint",
      "label_statistics.model", "comparisons.reference", "comparisons.model",
    ]
    try await withDatabase { database in
      let columns = try await database.execute(
        """
        SELECT c.relname || '.' || a.attname AS value FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.atttypid = 'fleet.sha256'::regtype
        """)
      #expect(Set(columns.compactMap(\.self)).symmetricDifference(needed.union(others)) == [])
    }
  }

  @Test func textThatSQLCouldMistakeIsKeptAsItIs() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      for key in ["'; DROP TABLE fleet.runs; --", "$1", "\\x00", "é\u{1F9E0}\"", ""] {
        var submission = Submission.example
        submission.key = key
        let run = try await ledger.submit(submission).run
        #expect(try await ledger.run(run)?.key == key)
      }
      await ledger.close()
    }
  }

  @Test func aLostConnectionIsReplaced() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      let first = try await ledger.submit(.example).run
      try await database.execute(
        """
        SELECT pg_terminate_backend(pid)::text AS value FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
      #expect(try await ledger.run(first) != nil)
      await ledger.close()
    }
  }

  @Test func aClosedLedgerSaysSo() async throws {
    let server = try #require(TestDatabase.server)
    let ledger = try PostgresLedger(url: server)
    await ledger.close()
    await #expect(throws: LedgerError.unavailable("it was closed by this process.")) { try await ledger.models() }
  }

  @Test func anEmptyDatabaseAsksForMigration() async throws {
    try await withDatabase(isMigrated: false) { database in
      await #expect {
        _ = try await PostgresLedger.open(url: database.url)
      } throws: {
        "\($0)".contains("tessera migrate up")
      }
      let ledger = try PostgresLedger(url: database.url)
      await #expect {
        try await ledger.models()
      } throws: {
        guard case LedgerError.notMigrated = $0 else { return false }
        return true
      }
      await ledger.close()
    }
  }

  @Test func aWrongPasswordIsReportedSoonAndWithoutThePassword() async throws {
    let server = try #require(TestDatabase.server)
    var parts = try #require(URLComponents(string: server))
    parts.password = "hunter2"
    let url = try #require(parts.string)
    let ledger = try PostgresLedger(url: url)
    await #expect {
      try await ledger.models()
    } throws: {
      "\($0)".contains("password authentication failed") && !"\($0)".contains("hunter2")
    }
    await ledger.close()
  }
}

extension Digest {
  static let example = Digest(of: "example".utf8)
}

extension ModelRecord {
  static let example = ModelRecord(
    name: "example", digest: .example, configuration: "3d_fullres", trainer: "nnUNetTrainerV2", channels: 1,
    labels: [LabelName(label: 1, name: "grey")])
}

extension Submission {
  static let example = Submission(
    images: [.example], passes: [PassRequest(model: .example)], options: RunOptions())
}
