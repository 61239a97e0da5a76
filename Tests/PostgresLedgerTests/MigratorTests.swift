import FleetContracts
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
      #expect(taken == 1)
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
