import Digests
import FleetConformance
import FleetContracts
import Testing

@testable import PostgresLedger

/// The state machines that are written in Swift, tried on the database pair by pair.
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct StateMachineTests {
  /// Each try is a transaction that is rolled back.
  private func isRefused(_ statement: String, by database: PostgresConnection) throws -> Bool {
    defer { _ = try? database.execute("ROLLBACK TO SAVEPOINT before") }
    try database.execute("SAVEPOINT before")
    do {
      #expect(try database.execute(statement).affected == 1, "\(statement)")
      return false
    } catch let error as PostgresError {
      #expect(error.state == "23514", "\(statement): \(error)")
      return true
    }
  }

  @Test func theDatabaseKnowsTheSameStepsOfARun() async throws {
    try await withDatabase { database in
      let rows = try await database.execute(
        "SELECT from_state || ' ' || to_state AS value FROM fleet.run_transitions ORDER BY 1")
      let expected = Set(RunTransition.all.filter { $0.from != $0.to }.map { "\($0.from) \($0.to)" })
      #expect(rows == expected.sorted())
    }
  }

  @Test func theDatabaseKnowsTheSameStepsOfATrainingJob() async throws {
    try await withDatabase { database in
      let rows = try await database.execute(
        "SELECT from_state || ' ' || to_state AS value FROM fleet.training_job_transitions ORDER BY 1")
      #expect(rows == Set(TrainingJobState.steps.map { "\($0.from) \($0.to)" }).sorted())
    }
  }

  @Test func everyOtherStepOfATrainingJobIsRefused() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let spec = TrainingSpec(
        task: "Task501_X", configurations: ["2d"], folds: [0], data: .example, model: "m", epochs: 1)
      let training = try await ledger.submit(spec, key: nil, tenant: .default).training
      await ledger.close()
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      func enter(_ state: TrainingJobState) -> String {
        let isRunning = state == .running
        return """
          UPDATE fleet.training_jobs SET state = '\(state.rawValue)', worker = 'w', lease_until = \(isRunning ? "now()" : "NULL"),
            finished_at = \(state.isFinal ? "now()" : "NULL"), result = \(state == .done ? "'\(Digest.example)'" : "NULL"),
            failure_kind = \(state == .failed ? "'invalid'" : "NULL"), failure_reason = \(state == .failed ? "'no'" : "NULL")
          WHERE training = '\(training)' AND position = 0
          """
      }
      for before in TrainingJobState.allCases {
        try connection.run(script: "ALTER TABLE fleet.training_jobs DISABLE TRIGGER USER")
        try connection.execute(enter(before))
        try connection.run(script: "ALTER TABLE fleet.training_jobs ENABLE TRIGGER USER; BEGIN")
        for after in TrainingJobState.allCases where after != before {
          // A report may begin a job and end it at once.
          let isLegal = TrainingJobState.steps.contains {
            ($0.from == before || (before == .queued && $0.from == .running)) && $0.to == after
          }
          #expect(try isRefused(enter(after), by: connection) != isLegal, "\(before) to \(after)")
        }
        for change in ["attempt = attempt + 2", "attempt = -1", "checkpoint_epochs = -1"] {
          let statement = "UPDATE fleet.training_jobs SET \(change) WHERE training = '\(training)' AND position = 0"
          #expect(try isRefused(statement, by: connection), "\(change)")
        }
        try connection.run(script: "ROLLBACK")
      }
    }
  }

  @Test func aTrainingThatIsOverMayOnlyBeTakenUpAgain() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      let spec = TrainingSpec(
        task: "Task501_X", configurations: ["2d"], folds: [0], data: .example, model: "m", epochs: 1)
      let training = try await ledger.submit(spec, key: nil, tenant: .default).training
      await ledger.close()
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      func enter(_ state: TrainingState, and more: String = "") -> String {
        """
        UPDATE fleet.trainings SET state = '\(state.rawValue)', finished_at = \(state.isFinal ? "now()" : "NULL")\(more)
        WHERE id = '\(training)'
        """
      }
      for before in TrainingState.allCases {
        try connection.run(script: "ALTER TABLE fleet.trainings DISABLE TRIGGER USER")
        try connection.execute(enter(before))
        try connection.run(script: "ALTER TABLE fleet.trainings ENABLE TRIGGER USER; BEGIN")
        for after in TrainingState.allCases where after != before {
          let isLegal = before == .running || ([.failed, .cancelled].contains(before) && after == .running)
          #expect(try isRefused(enter(after), by: connection) != isLegal, "\(before) to \(after)")
          if before != .running {
            #expect(try isRefused(enter(after, and: ", task = 'Task502_Y'"), by: connection), "\(before) to \(after)")
          }
        }
        try connection.run(script: "ROLLBACK")
      }
    }
  }

  /// Every state of a run to every other, with what else the columns must say for it.
  @Test func everyOtherStepOfARunIsRefused() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      let run = try await ledger.submit(.example).run
      await ledger.close()
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      for before in RunState.allCases {
        try connection.run(script: "ALTER TABLE fleet.runs DISABLE TRIGGER USER")
        try connection.execute(Self.enter(before, run))
        try connection.run(script: "ALTER TABLE fleet.runs ENABLE TRIGGER USER; BEGIN")
        for after in RunState.allCases where after != before {
          let isLegal = RunTransition.all.contains { $0.from == before && $0.to == after }
          #expect(try isRefused(Self.enter(after, run), by: connection) != isLegal, "\(before) to \(after)")
        }
        let column = "UPDATE fleet.runs SET model_name = model_name WHERE id = '\(run)'"
        #expect(try isRefused(column, by: connection) == before.isFinal, "a run that is \(before)")
        try connection.run(script: "ROLLBACK")
      }
    }
  }

  private static func enter(_ state: RunState, _ run: RunID) -> String {
    let claim = state == .preparing ? "'a'" : "NULL"
    let lease = state == .preparing ? "now()" : "NULL"
    let failure = state == .failed ? "'invalid'" : "NULL"
    let result = state == .completed ? "'\(Digest.example)'" : "NULL"
    return """
      UPDATE fleet.runs
      SET state = '\(state)', owner = \(claim), lease_until = \(lease), started_at = now(),
          epoch = epoch + \(state == .preparing ? 1 : 0),
          finished_at = \(state.isFinal ? "now()" : "NULL"), failure_kind = \(failure), failure_reason = \(failure),
          label_map = \(result), label_voxels = \(result), engine = \(result), software_version = \(result)
      WHERE id = '\(run)'
      """
  }

  @Test func aRunPassesToAnotherOnlyWithANewEpoch() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      let run = try await ledger.submit(.example).run
      _ = try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30))
      await ledger.close()
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      try connection.run(script: "BEGIN")
      for (change, isLegal) in [
        ("owner = 'b'", false), ("owner = 'b', epoch = epoch + 1", true), ("epoch = epoch - 1", false),
        ("epoch = epoch + 2", false), ("lease_until = now()", true),
      ] {
        let statement = "UPDATE fleet.runs SET \(change) WHERE id = '\(run)'"
        #expect(try isRefused(statement, by: connection) != isLegal, "\(change)")
      }
      let copied = "id, model, model_name, options, request_digest, state, epoch"
      for (state, epoch, isLegal) in [("submitted", 0, true), ("submitted", 1, false), ("failed", 0, false)] {
        let statement = """
          INSERT INTO fleet.runs (\(copied))
          SELECT gen_random_uuid(), model, model_name, options, request_digest, '\(state)', \(epoch) FROM fleet.runs
          """
        #expect(try isRefused(statement, by: connection) != isLegal, "a new run that is \(state)")
      }
    }
  }

  @Test func theDatabaseRefusesWhatIsNoStepOfATileOrPass() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      _ = try await ledger.submit(.example)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(30)))
      let plan = PassPlan(document: .example, tiles: 1)
      try await ledger.plan(plan, of: claim)
      _ = try await ledger.enqueueTiles(window: 10)
      let job = try #require(try await ledger.claimOutbox(limit: 1, lease: .seconds(30)).first).message.tileJob()
      let result = TileResult(
        job: job, outcome: .computed(probabilities: .example, bytes: 1), worker: "host-1", engine: "blas/avx2")
      #expect(try await ledger.record(result) == .accepted(completesPass: true))
      await ledger.close()

      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      let tile = "pass = '\(plan.id)' AND tile = 0"
      for before in TileState.allCases {
        try connection.run(
          script: """
            ALTER TABLE fleet.tiles DISABLE TRIGGER USER;
            UPDATE fleet.tiles SET state = '\(before)', published_at = NULL WHERE \(tile);
            ALTER TABLE fleet.tiles ENABLE TRIGGER USER;
            BEGIN
            """)
        for after in TileState.allCases where after != before {
          let isLegal = TileTransition.all.contains { $0.from == before && $0.to == after }
          let statement = "UPDATE fleet.tiles SET state = '\(after)' WHERE \(tile)"
          #expect(try isRefused(statement, by: connection) != isLegal, "\(before) to \(after)")
        }
        #expect(try isRefused("UPDATE fleet.tiles SET attempts = attempts - 1 WHERE \(tile)", by: connection))
        #expect(try !isRefused("UPDATE fleet.tiles SET not_before = now() WHERE \(tile)", by: connection))
        try connection.run(script: "ROLLBACK")
      }

      try connection.run(script: "BEGIN")
      let done = """
        label_map = '\(Digest.example)', label_voxels = '\(Digest.example)', engines = '[]', finished_at = now()
        """
      for (statement, isLegal) in [
        ("INSERT INTO fleet.tiles (pass, tile) VALUES ('\(plan.id)', 1)", true),
        ("INSERT INTO fleet.tiles (pass, tile, state) VALUES ('\(plan.id)', 1, 'done')", false),
        ("UPDATE fleet.tile_results SET worker = 'host-2' WHERE \(tile)", false),
        ("UPDATE fleet.tile_results SET worker = worker WHERE \(tile)", true),
        ("UPDATE fleet.passes SET tiles = 2", false),
        ("UPDATE fleet.passes SET epoch = epoch + 1", false),
        ("UPDATE fleet.passes SET \(done)", true),
      ] {
        #expect(try isRefused(statement, by: connection) != isLegal, "\(statement)")
      }
      try connection.execute("UPDATE fleet.passes SET \(done)")
      #expect(try isRefused("UPDATE fleet.passes SET \(done)", by: connection))
    }
  }
}
