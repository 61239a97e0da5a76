import FleetContracts
import Foundation
import Testing

@testable import PostgresLedger

/// Connections by TLS to a PostgreSQL that takes no others.
@Suite(.serialized, .enabled(if: PrivateDatabase.isInstalled, "needs postgresql; Compose/install brings it"))
struct DatabaseTLSTests {
  @Test(.timeLimit(.minutes(5))) func onlyTheRightServerIsTalkedTo() async throws {
    let database = try PrivateDatabase(tls: true)
    #expect(database.url.contains("sslmode=verify-full"))
    _ = try await Migrator(url: database.url).up()
    let connection = try PostgresConnection(ConnectionSettings(url: database.url))
    let version: String? = try connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").first?
      .value("version")
    #expect(version?.hasPrefix("TLSv1.") == true)

    // Whoever asks for less than the server demands isn't let in.
    #expect(try await refusal(of: replaced(database, "verify-full", "disable")).contains("no encryption"))
    #expect(try await refusal(of: replaced(database, "@localhost", "@127.0.0.1")).contains("does not match host name"))
    try PrivateDatabase.certificates(["ca", database.folder.path + "/other"])
    #expect(
      try await refusal(of: replaced(database, "/tls/ca.crt", "/other/ca.crt")).contains("certificate verify failed"))
    #expect(try await refusal(of: replaced(database, "/tls/ca.crt", "/tls/no.crt")).contains("no.crt"))

    try database.present("localhost", days: -1)
    #expect(try await refusal(of: database.url).contains("certificate verify failed"))
    try database.present("elsewhere.example", days: 1)
    #expect(try await refusal(of: database.url).contains("does not match host name"))
  }

  /// What is thrown soon, though patience for outages is long: one sentence without the password.
  private func refusal(of url: String) async throws -> String {
    let start = ContinuousClock.now
    let error = await #expect(throws: LedgerError.self) {
      try await PostgresLedger.open(url: url, patience: .seconds(300))
    }
    #expect(ContinuousClock.now - start < .seconds(60))
    let text = error.map { "\($0)" } ?? ""
    let password = try #require(URLComponents(string: url)?.password)
    #expect(!text.contains("\n") && !text.contains(password))
    return text
  }

  private func replaced(_ database: PrivateDatabase, _ old: String, _ new: String) -> String {
    #expect(database.url.contains(old))
    return database.url.replacing(old, with: new)
  }

  @Test func whatIsNotProtectedIsSaid() throws {
    func weakness(_ url: String) throws -> String? { try DatabaseAddress(url).weakness }
    for safe in [
      "postgresql://localhost/t", "postgresql://127.0.0.1/t", "postgresql:///t?host=/run/postgresql",
      "postgresql://db/t?sslmode=verify-full",
    ] { #expect(try weakness(safe) == nil, "\(safe)") }
    for mode in ["", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=disable"] {
      let text = try #require(try weakness("postgresql://user:hunter2@db.example/t\(mode)"))
      #expect(text.contains("db.example") && text.contains("verify-full") && !text.contains("hunter2"))
    }
  }
}
