import Digests
import FleetConformance
import FleetContracts
import Foundation
import Synchronization
import Testing
import Testkit

@testable import PostgresLedger

/// The database is killed, and its connections are cut, while a small fleet uses it: everything accepted ends, each once.
@Suite(.serialized, .enabled(if: PrivateDatabase.isInstalled, "needs postgresql; Compose/install brings it"))
struct DatabaseOutageTests {
  private static let runs = 12
  private static let tiles = 9

  @Test(.timeLimit(.minutes(5)))
  func killedDatabaseCostsOnlyTime() async throws {
    let database = try PrivateDatabase()
    try await checkFleet(url: database.url) {
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(400))
        try database.kill()
        try await Task.sleep(for: .milliseconds(200))
        try database.start()
      }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func cutConnectionsCostOnlyTime() async throws {
    let database = try PrivateDatabase()
    try await checkFleet(url: database.url) {
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      for _ in 0..<30 {
        try await Task.sleep(for: .milliseconds(70))
        try connection.execute(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
          """)
      }
    }
  }

  /// What submitters were told.
  private final class Accepted: Sendable {
    let runs = Mutex<[RunID: String]>([:])
  }

  /// Sends runs through a ledger while `disturb` does its worst.
  private func checkFleet(url: String, disturb: @escaping @Sendable () async throws -> Void) async throws {
    _ = try await Migrator(url: url).up()
    let ledger = try await PostgresLedger.open(url: url, connections: 6, patience: .seconds(60))
    try await ledger.register(.example)
    let accepted = Accepted()

    try await withThrowingTaskGroup { group in
      group.addTask { try await disturb() }
      group.addTask {
        for index in 0..<Self.runs {
          let submission = Submission(
            images: [.example], passes: [PassRequest(model: .example)], options: RunOptions(), key: "study \(index)")
          let receipt = try await ledger.submit(submission)
          accepted.runs.withLock { $0[receipt.run] = submission.key }
          try await Task.sleep(for: .milliseconds(100))
        }
      }
      for member in 0..<2 {
        group.addTask { try await Self.dispatch(ledger, name: "dispatcher \(member)") }
        group.addTask { try await Self.predict(ledger, seed: UInt64(member)) }
        group.addTask { try await Self.stitch(ledger, name: "aggregator \(member)") }
      }
      try await group.waitForAll()
    }

    let records = try await ledger.runs(limit: 100)
    #expect(records.count == Self.runs)
    #expect(records.allSatisfy { $0.state == .completed && $0.acceptedTiles == Self.tiles && $0.outcome == .example })
    let keys = accepted.runs.withLock { $0 }
    #expect(keys.count == Self.runs && records.allSatisfy { keys[$0.id] == $0.key })
    await ledger.close()
    let violations = try PostgresConnection(ConnectionSettings(url: url)).execute(
      "SELECT concat_ws(': ', invariant, run, detail) AS value FROM fleet.ledger_violations")
    #expect(try violations.map { try $0.value("value", as: String.self) } == [])
  }

  private static func isOver(_ ledger: PostgresLedger) async throws -> Bool {
    try await ledger.runs(limit: 100).count { $0.state.isFinal } == runs
  }

  private static func dispatch(_ ledger: PostgresLedger, name: String) async throws {
    while try await !isOver(ledger) {
      try await unlessFenced {
        guard let claim = try await ledger.claimSubmittedRun(owner: name, lease: .seconds(1)) else { return }
        try await ledger.renew(claim, lease: .seconds(1))
        try await ledger.plan(PassPlan(document: .example, tiles: tiles), of: claim)
      }
      _ = try await ledger.requeueOverdueTiles(olderThan: .seconds(2))
      _ = try await ledger.enqueueTiles(window: 10)
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Relay, broker and worker in one, which answers some jobs twice, fails some, and forgets some.
  private static func predict(_ ledger: PostgresLedger, seed: UInt64) async throws {
    var chance = SplitMix64(seed: seed)
    while try await !isOver(ledger) {
      let messages = try await ledger.claimOutbox(limit: 4, lease: .seconds(1))
      try await ledger.markPublished(messages)
      for message in messages {
        let job = try message.message.tileJob()
        let done = TileResult(
          job: job, outcome: .computed(probabilities: Digest(of: "tile \(job.tile)".utf8), bytes: 1), worker: "host-1",
          engine: "blas/avx2")
        switch UInt.random(in: 0..<10, using: &chance) {
        case 0 where job.attempt == 1:  // more would only mean longer pauses
          _ = try await ledger.record(
            TileResult(
              job: job, outcome: .failed(kind: .transient, reason: "The store was away."), worker: "host-1", engine: "")
          )
        case 1: break
        case 2, 3:
          _ = try await ledger.record(done)
          _ = try await ledger.record(done)
        default: _ = try await ledger.record(done)
        }
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private static func stitch(_ ledger: PostgresLedger, name: String) async throws {
    while try await !isOver(ledger) {
      try await unlessFenced {
        guard let stitch = try await ledger.claimStitch(owner: name, lease: .seconds(1)) else { return }
        #expect(stitch.tiles == (0..<tiles).map { Digest(of: "tile \($0)".utf8) })
        try await ledger.complete(stitch.claim, .example)
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Whose lease has passed during an outage goes on with other work.
  private static func unlessFenced(_ body: () async throws -> Void) async throws {
    do { try await body() } catch LedgerError.fenced {}
  }
}

extension RunOutcome {
  static let example = RunOutcome(
    labelMap: .example, labelVoxels: .example,
    labels: [LabelMeasurement(label: 1, name: "grey", voxels: 8000, volume: 8.5)], timings: [], engine: "blas/avx2",
    softwareVersion: "0.1.0")
}
