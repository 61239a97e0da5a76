import FleetConformance
import Testing

@testable import PostgresLedger

@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice), .sharedDatabase)
struct PostgresLedgerLawTests {
  @Test(arguments: LedgerLaw.all + LedgerLaw.schedules(seeds: 1...5, steps: 100))
  func law(_ law: LedgerLaw) async throws {
    let database = try #require(TestDatabase.shared)
    try database.empty()
    let auditor = try PostgresLedger(url: database.url, connections: 1)
    try await law.check(
      LedgerBench(
        connect: { try await PostgresLedger.open(url: database.url, connections: 3, patience: .seconds(5)) },
        advance: { try await database.advance(by: $0) },
        violations: { try await auditor.audit(limit: 10).violations.map { "\($0)" } }))
    await auditor.close()
    #expect(try await database.violations() == [])
  }
}
