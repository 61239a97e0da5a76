import FleetContracts
import Testing

@testable import PostgresLedger

@Suite struct ConnectionSettingsTests {
  @Test func aURLIsTakenApart() throws {
    let settings = try ConnectionSettings(url: "postgresql://user:pass%20word@host:5433/db?sslmode=require")
    #expect(settings.parameters["host"] == "host" && settings.parameters["port"] == "5433")
    #expect(settings.parameters["password"] == "pass word" && settings.parameters["sslmode"] == "require")
    #expect(settings.parameters["application_name"] == "tessera")
  }

  @Test func whatTheURLSaysWins() throws {
    let settings = try ConnectionSettings(url: "postgresql://host/db?application_name=mine&connect_timeout=3")
    #expect(settings.parameters["application_name"] == "mine" && settings.parameters["connect_timeout"] == "3")
  }

  @Test(arguments: [
    "postgresql://user:hunter2@host/db?sslmod=require", "postgresql://user:hunter2@[host/db", "hunter2",
  ])
  func anUnreadableURLIsReportedWithoutItsSecrets(url: String) {
    #expect {
      try ConnectionSettings(url: url)
    } throws: {
      !"\($0)".contains("hunter2") && "\($0)".contains("postgresql://user:password@host:5432/database")
    }
  }

  @Test func messagesAreRedacted() throws {
    let settings = try ConnectionSettings(url: "postgresql://user:hunter2@host/db")
    #expect(settings.redacted("no way\n\tfor hunter2\n") == "no way for …")
  }

  @Test func nothingAtTheAddressEndsWithPatience() async throws {
    let ledger = try PostgresLedger(
      url: "postgresql://user:hunter2@127.0.0.1:1/db", patience: .milliseconds(200))
    await #expect {
      try await ledger.models()
    } throws: {
      guard case LedgerError.unavailable(let reason) = $0 else { return false }
      return reason.contains("127.0.0.1") && !reason.contains("hunter2")
    }
    await ledger.close()
  }

  @Test func cancellingATaskEndsItsWaitingForAnOutage() async throws {
    let ledger = try PostgresLedger(url: "postgresql://user:hunter2@127.0.0.1:1/db", connections: 1)
    let tasks = (0..<3).map { _ in Task { try await ledger.models() } }
    try await Task.sleep(for: .milliseconds(100))
    for task in tasks { task.cancel() }
    for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
    await ledger.close()
  }
}
