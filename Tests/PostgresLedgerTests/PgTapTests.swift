import Foundation
import Testing
import Testkit

@testable import PostgresLedger

/// Schema, roles and contracts of the views for analysts, told by pgTAP (`Tests/Fixtures/pgtap/analytics.sql`).
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct PgTapTests {
  @Test func analystsGetWhatTheyArePromised() async throws {
    try await withDatabase(isMigrated: false) { database in
      let available = try await database.execute(
        "SELECT name AS value FROM pg_available_extensions WHERE name = 'pgtap'")
      guard !available.isEmpty else {
        return print("skipped: PostgreSQL has no pgTAP here; Compose/install installs it (postgresql-15-pgtap)")
      }
      let roles = try DatabaseRoles(prefix: "t_\(UUID().uuidString.lowercased().prefix(8))")
      let migrator = try Migrator(url: database.url)
      _ = try await migrator.apply(roles)
      _ = try await migrator.up()
      _ = try await migrator.apply(roles)
      let alice = "\(roles.analyst)_alice"
      try await database.execute("CREATE ROLE \(alice) IN ROLE \(roles.analyst)")
      let folder = try TemporaryFolder()
      let script = folder.url.appending(path: "analytics.sql")
      let prefix = String(roles.analyst.dropLast("_analyst".count))
      let text = try String(
        contentsOf: Fixtures.directory.appending(path: "pgtap/analytics.sql"), encoding: .utf8
      ).replacing("tap_alice", with: alice).replacing(
        /tap_(owner|service|analyst|monitor)/, with: { "\(prefix)_\($0.output.1)" })
      try Data(text.utf8).write(to: script)

      let psql = Process()
      psql.executableURL = URL(filePath: "/usr/bin/env")
      psql.arguments = ["psql", "-XqAt", "-d", database.url, "-f", script.path]
      let pipe = Pipe()
      psql.standardOutput = pipe
      psql.standardError = pipe
      try psql.run()
      let lines = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        .split(separator: "\n").map(String.init)
      psql.waitUntilExit()
      for role in roles.all + [alice] { try await database.execute("DROP OWNED BY \(role) CASCADE") }
      for role in [alice] + roles.all { try await database.execute("DROP ROLE \(role)") }

      let planned = lines.first { $0.hasPrefix("1..") }.flatMap { Int($0.dropFirst(3)) }
      #expect(psql.terminationStatus == 0)
      #expect(planned != nil && lines.count { $0.hasPrefix("ok ") } == planned)
      #expect(lines.filter { !$0.hasPrefix("ok ") && !$0.hasPrefix("1..") && !$0.isEmpty } == [])
    }
  }
}
