import Digests
import FleetContracts
import Foundation
import Testing

@testable import PostgresLedger

@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct RetentionTests {
  /// A completed run (or, with `isOver` false, one in work) whose pass was planned in the month of `date`.
  private func plant(_ database: TestDatabase, _ number: Int, at date: String, isOver: Bool = true) throws {
    let over = isOver
    try PostgresConnection(ConnectionSettings(url: database.url)).run(
      script: """
        INSERT INTO fleet.models (digest, name, configuration, trainer, channels)
          VALUES (repeat('a', 64), 'brain', '3d_fullres', 'nnUNetTrainerV2', 1) ON CONFLICT DO NOTHING;
        ALTER TABLE fleet.runs DISABLE TRIGGER USER;
        ALTER TABLE fleet.tiles DISABLE TRIGGER USER;
        INSERT INTO fleet.runs (id, model, model_name, options, request_digest, state, started_at, finished_at, label_map, label_voxels, engine,
          software_version)
        SELECT overlay(fleet.first_id('\(date)')::text PLACING '\(number)' FROM 36)::uuid, repeat('a', 64), 'brain', '{"mirroring": true, "stepSize": 0.5, "savesProbabilities": false}',
          repeat('b', 64),
          \(over ? "'completed', now(), now(), repeat('c', 64), repeat('d', 64), 'blas/avx2', '0.1.0'" : "'predicting', now(), NULL, NULL, NULL, NULL, NULL");
        INSERT INTO fleet.pass_requests (run, position, model, folds, weight)
        SELECT overlay(fleet.first_id('\(date)')::text PLACING '\(number)' FROM 36)::uuid, 0, repeat('a', 64), '[]', 1;
        INSERT INTO fleet.passes (id, run, position, model, epoch, document, tiles, accepted)
        SELECT overlay(fleet.first_id('\(date)')::text PLACING '\(number)' FROM 36)::uuid,
          overlay(fleet.first_id('\(date)')::text PLACING '\(number)' FROM 36)::uuid, 0, repeat('a', 64), 1, repeat('f', 64), 3, 3;
        INSERT INTO fleet.tiles (pass, tile, state, attempts, queued_at)
        SELECT overlay(fleet.first_id('\(date)')::text PLACING '\(number)' FROM 36)::uuid, t, 'done', 1, now() FROM generate_series(0, 2) t;
        INSERT INTO fleet.tile_results (pass, tile, probabilities, bytes, attempt, worker, engine, fetch_seconds, infer_seconds, put_seconds)
        SELECT pass, tile, repeat('9', 64), 8, 1, 'host-1', 'blas/avx2', 0.5, 1.5, 0.25 FROM fleet.tiles ON CONFLICT DO NOTHING;
        ALTER TABLE fleet.tiles ENABLE TRIGGER USER;
        ALTER TABLE fleet.runs ENABLE TRIGGER USER;
        """)
  }

  private static let places = """
    SELECT concat(tableoid::regclass, ' ', count(*)) AS value FROM fleet.tile_results GROUP BY tableoid ORDER BY 1
    """

  @Test func oldMonthsAreDroppedWhileOthersWrite() async throws {
    try await withDatabase { database in
      // What lies before the month in which the schema was made is one partition.
      let (now, calendar) = (Date(), Calendar(identifier: .gregorian))
      let old = try #require(calendar.date(byAdding: .month, value: -30, to: now)).ISO8601Format()
      try plant(database, 1, at: old)
      try plant(database, 2, at: now.ISO8601Format())
      #expect(try await database.execute(Self.places).contains("fleet.tile_results_earlier 3"))

      // Somebody writes, and has both tables locked as writers do, for as long as the dropping takes.
      let writer = try PostgresConnection(ConnectionSettings(url: database.url))
      let dropper = Task.detached { () -> [Retention.Month] in
        try Retention(url: database.url).drop(before: now)
      }
      var written = 0
      let start = ContinuousClock.now
      var slowest = Duration.zero
      while ContinuousClock.now - start < .milliseconds(1500) {
        let begin = ContinuousClock.now
        try writer.transaction { writer in
          try writer.execute(
            "UPDATE fleet.tiles SET attempts = attempts + 1 WHERE pass >= fleet.first_id(now() - interval '1 day')")
          try writer.execute("UPDATE fleet.passes SET infer_seconds = infer_seconds + 1")
        }
        slowest = max(slowest, ContinuousClock.now - begin)
        written += 1
      }
      let months = try await dropper.value
      #expect(months.map(\.month) == ["earlier"] && months.allSatisfy { $0.isDropped && $0.passes == 1 })
      #expect(written > 10 && slowest < .seconds(5), "\(written) transactions, the slowest took \(slowest)")
      #expect(try await database.execute(Self.places).count == 1, "the new tiles are there")
      #expect(try await database.execute("SELECT count(*) AS value FROM fleet.runs") == ["2"])

      // What is lost is only what single tiles were.
      let ledger = try await PostgresLedger.open(url: database.url)
      #expect(try await ledger.runs(limit: 5).map(\.acceptedTiles) == [3, 3])
      await ledger.close()
      let broken = try await database.violations().filter { $0?.hasPrefix("I5") == true }
      #expect(broken == [])
      // Rows of a clock that is wrong still have a place.
      try plant(database, 3, at: old)
      try plant(database, 4, at: "2099-05-05T00:00:00Z")
      #expect(
        Set(try await database.execute(Self.places)).isSuperset(
          of: ["fleet.tile_results_earlier 3", "fleet.tile_results_later 3"]))
    }
  }

  @Test func aMonthWithARunInWorkIsKept() async throws {
    try await withDatabase { database in
      let old = "2023-03-03T00:00:00Z"
      try plant(database, 1, at: old, isOver: false)
      let retention = try Retention(url: database.url)
      let months = try retention.drop(before: Date())
      #expect(months.map(\.unfinished) == [1] && months.allSatisfy { !$0.isDropped })
      #expect(try await database.execute(Self.places) == ["fleet.tile_results_earlier 3"])
      #expect(try retention.drop(before: Date(), isTrial: true).count == 1)
    }
  }

  @Test func nothingIsOlderThanTheFirstMomentThatAnIdentifierCanTell() async throws {
    try await withDatabase { database in
      try plant(database, 1, at: Date().ISO8601Format())
      for moment in [Date(timeIntervalSince1970: -1e9), Date(timeIntervalSince1970: 0), .distantPast] {
        #expect(try Retention(url: database.url).drop(before: moment).isEmpty)
      }
      #expect(try await database.execute("SELECT count(*) AS value FROM fleet.tiles") == ["3"])
    }
  }

  @Test func comingMonthsHaveTheirPartitionsAndATurnedClockDoesNoHarm() async throws {
    try await withDatabase { database in
      let next = try #require(Calendar(identifier: .gregorian).date(byAdding: .month, value: 5, to: Date()))
      try plant(database, 1, at: next.ISO8601Format())
      #expect(try await database.execute(Self.places) == ["fleet.tile_results_later 3"])
      #expect(try await database.execute("SELECT fleet.keep_partitions() AS value") == ["0"])
      #expect(try await database.execute("SELECT fleet.keep_partitions(6) AS value") == ["8"])
      let month = next.formatted(.iso8601.year().month()).replacing("-", with: "_")
      #expect(try await database.execute(Self.places) == ["fleet.tile_results_\(month) 3"], "rows have moved over")
      #expect(try await database.execute("SELECT count(*) AS value FROM fleet.tiles") == ["3"])
    }
  }
}
