import FleetContracts
import Foundation
import Testing

@testable import PostgresLedger

/// What whoever listens with psql, or any other client, is told.
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct EventNotificationTests {
  @Test func whoListensIsToldEachEventOnceItIsTrue() async throws {
    try await withDatabase { database in
      let listener = Process()
      let (input, output) = (Pipe(), Pipe())
      listener.executableURL = URL(filePath: "/usr/bin/env")
      listener.arguments = ["psql", "-XqAt", database.url]
      listener.standardInput = input
      listener.standardOutput = output
      try listener.run()
      try input.fileHandleForWriting.write(contentsOf: Data("LISTEN tessera_events;\nSELECT 'listening';\n".utf8))
      var text = ""
      func read(until word: String) throws {
        while !text.contains(word) {
          let data = output.fileHandleForReading.availableData
          guard !data.isEmpty else { throw CancellationError() }
          text += String(decoding: data, as: UTF8.self)
        }
      }
      try read(until: "listening")

      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      let run = try await ledger.submit(.example).run
      // What isn't committed isn't told.
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      try connection.run(script: "BEGIN")
      try connection.execute(
        "UPDATE fleet.runs SET state = 'cancelled', epoch = epoch + 1, finished_at = now() WHERE id = $1", [run])
      try connection.run(script: "ROLLBACK")
      _ = try await ledger.cancel(run)
      let events = try await ledger.events(after: 0, limit: 10)
      await ledger.close()
      #expect(events.map(\.state) == [.submitted, .cancelled])

      try input.fileHandleForWriting.write(contentsOf: Data("SELECT 'over';\n".utf8))
      try input.fileHandleForWriting.close()
      try read(until: "over")
      listener.waitUntilExit()
      text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      let told = text.matches(of: #/"tessera_events" with payload "([0-9a-f-]{36})"/#).map { String($0.1) }
      #expect(told == events.map { $0.id.uuidString.lowercased() })
    }
  }

  /// Transactions that were begun later may be over earlier; a reader that has seen their events must not miss the others'.
  @Test func anEventOfATransactionThatTakesLongIsBehindThoseThatWereFaster() async throws {
    try await withDatabase { database in
      let ledger = try PostgresLedger(url: database.url)
      try await ledger.register(.example)
      let slow = try await ledger.submit(.example).run
      let fast = try await ledger.submit(.example).run
      let start = try await ledger.lastEventPosition()
      let connection = try PostgresConnection(ConnectionSettings(url: database.url))
      let cancel = "UPDATE fleet.runs SET state = 'cancelled', epoch = epoch + 1, finished_at = now() WHERE id = $1"
      try connection.run(script: "BEGIN")
      try connection.execute(cancel, [slow])
      _ = try await ledger.cancel(fast)
      let first = try await ledger.events(after: start, limit: 10)
      #expect(first.map(\.run) == [fast])
      try connection.run(script: "COMMIT")
      #expect(try await ledger.events(after: try #require(first.last).position, limit: 10).map(\.run) == [slow])
      await ledger.close()
    }
  }
}
