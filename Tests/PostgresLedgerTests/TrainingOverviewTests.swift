import Digests
import FleetContracts
import Testing

@testable import PostgresLedger

@Suite(.enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct TrainingOverviewTests {
  @Test(.timeLimit(.minutes(5)))
  func ofATrainingThatIsSubmittedMeanwhileNothingIsCounted() async throws {
    try await withDatabase { database in
      let ledger = try await PostgresLedger.open(url: database.url)
      let ward = try Tenant("ward-7")
      try await ledger.pause(.tenant(ward))
      // Holds the look at trainings up between its counts.
      let other = try PostgresConnection(ConnectionSettings(url: database.url))
      try other.run(script: "BEGIN; LOCK TABLE fleet.pauses IN ACCESS EXCLUSIVE MODE;")
      let look = Task { try await ledger.trainingOverview() }
      let waiting = "SELECT count(*) AS value FROM pg_locks WHERE relation = 'fleet.pauses'::regclass AND NOT granted"
      while try await database.execute(waiting) == ["0"] { try await Task.sleep(for: .milliseconds(5)) }
      let spec = TrainingSpec(
        task: "Task501_BrainTissue", configurations: ["2d"], folds: [0], foldsOfSplit: 2, data: Digest(of: "task".utf8),
        model: "tissue")
      _ = try await ledger.submit(spec, key: nil, tenant: ward)
      try other.run(script: "COMMIT")

      let seen = try await look.value
      #expect(seen.wantedTrainers == 0 && seen.pausedJobs == 0 && seen.jobs == [])
      let after = try await ledger.trainingOverview()
      #expect(after.wantedTrainers == 0 && after.pausedJobs == 1 && after.count(.ready) == 1)
      await ledger.close()
    }
  }
}
