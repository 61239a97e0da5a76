import FleetConformance
import Testing

@testable import PostgresLedger

@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice), .sharedDatabase)
struct PostgresLedgerLawTests {
  @Test(arguments: LedgerLaw.all)
  func law(_ law: LedgerLaw) async throws {
    let database = try #require(TestDatabase.shared)
    try database.empty()
    try await law.check(
      LedgerBench(
        connect: { try await PostgresLedger.open(url: database.url, connections: 3, patience: .seconds(5)) },
        advance: { try await database.advance(by: $0) }))
    #expect(try await database.violations() == [])
  }
}
