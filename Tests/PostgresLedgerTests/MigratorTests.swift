import FleetContracts
import Migrations
import Testing

@testable import PostgresLedger

@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct MigratorTests {
  @Test func upTakesEachStepOnce() async throws {
    try await withDatabase(isMigrated: false) { database in
      let migrator = try Migrator(url: database.url)
      #expect(try await migrator.status().allSatisfy { $0.appliedAt == nil })
      let taken = try await migrator.up()
      #expect(taken.first?.name == "ledger" && taken.first?.version == 1)
      #expect(try await migrator.up() == [])
      #expect(try await migrator.status() == taken)
    }
  }

  @Test func manyProcessesAtOnceTakeEachStepOnce() async throws {
    try await withDatabase(isMigrated: false) { database in
      let url = database.url
      let taken = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 { group.addTask { try await Migrator(url: url).up().count } }
        return try await group.reduce(0, +)
      }
      #expect(taken == Migrations.all.count)
    }
  }

  @Test func aRunOfTheFirstVersionKeepsItsModelAndFolds() async throws {
    try await withDatabase(isMigrated: false) { database in
      let migrator = try Migrator(url: database.url)
      #expect(try await migrator.up(through: 1).count == 1)
      let digest = String(repeating: "a", count: 64)
      let run = RunID()
      for statement in [
        "INSERT INTO fleet.models (digest, name, configuration, trainer, channels) "
          + "VALUES ('\(digest)', 'old', '2d', 'nnUNetTrainerV2', 1)",
        "INSERT INTO fleet.runs (id, model, model_name, options, request_digest) VALUES ('\(run)', '\(digest)', 'old', "
          + #"'{"folds":["fold_2"],"mirroring":false,"stepSize":0.5,"savesProbabilities":true}', '\#(digest)')"#,
      ] { try await database.execute(statement) }
      #expect(try await migrator.up().map(\.version) == Migrations.all.dropFirst().map(\.version))
      let ledger = try await PostgresLedger.open(url: database.url)
      let record = try #require(try await ledger.run(run))
      #expect(
        record.passes.map(\.request.folds) == [["fold_2"]] && record.passes[0].request.model.hexadecimal == digest)
      #expect(record.options == RunOptions(mirroring: false, savesProbabilities: true, postprocessing: .none))
      #expect(try await database.execute("SELECT invariant AS value FROM fleet.ledger_violations") == [])
      await ledger.close()
    }
  }

  @Test func aChangedStepIsRefused() async throws {
    try await withDatabase { database in
      try await database.execute("UPDATE fleet.schema_migrations SET sha256 = repeat('0', 64)")
      await #expect(throws: LedgerError.self) { try await Migrator(url: database.url).up() }
      await #expect(throws: LedgerError.self) { try await PostgresLedger.open(url: database.url) }
    }
  }

  @Test func aNewerDatabaseIsRefused() async throws {
    try await withDatabase { database in
      try await database.execute("INSERT INTO fleet.schema_migrations VALUES (99, 'future', repeat('0', 64))")
      await #expect {
        _ = try await Migrator(url: database.url).status()
      } throws: {
        "\($0)".contains("future") && "\($0)".contains("newer program")
      }
    }
  }
}
