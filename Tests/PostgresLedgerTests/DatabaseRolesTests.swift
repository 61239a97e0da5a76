import FleetContracts
import Foundation
import Testing

@testable import PostgresLedger

/// What each role of a ledger may do and may not do. The names are new ones, as roles belong to the whole server.
@Suite(.serialized, .enabled(if: TestDatabase.server != nil, TestDatabase.advice))
struct DatabaseRolesTests {
  /// Runs `body` with a database that has taken the steps up to `first`, with roles, and then all steps.
  private func withRoles(_ first: Int, _ body: (TestDatabase, DatabaseRoles) async throws -> Void) async throws {
    let roles = try DatabaseRoles(prefix: "t_\(UUID().uuidString.lowercased().prefix(8))")
    try await withDatabase(isMigrated: false) { database in
      do {
        let migrator = try Migrator(url: database.url)
        if first > 0 { _ = try await migrator.up(through: first) }
        #expect(try await migrator.apply(roles) == roles.all)
        _ = try await migrator.up()
        #expect(try await migrator.apply(roles) == [], "once more, it makes nothing")
        for role in roles.all { try await database.execute("ALTER ROLE \(role) PASSWORD 'sesame'") }
        try await body(database, roles)
      } catch {
        try await drop(roles, database)
        throw error
      }
      try await drop(roles, database)
    }
  }

  private func drop(_ roles: DatabaseRoles, _ database: TestDatabase) async throws {
    for role in roles.all { try await database.execute("DROP OWNED BY \(role) CASCADE") }
    for role in roles.all { try await database.execute("DROP ROLE \(role)") }
  }

  private func login(_ role: String, _ database: TestDatabase) throws -> PostgresConnection {
    var parts = try #require(URLComponents(string: database.url))
    (parts.user, parts.password) = (role, "sesame")
    return try PostgresConnection(ConnectionSettings(url: try #require(parts.string)))
  }

  /// Each is refused with "insufficient privilege", or as one must own what it changes (both 42501).
  private func expectRefused(_ statements: [String], _ connection: PostgresConnection, states: Set<String> = ["42501"])
  {
    for statement in statements {
      let error = #expect(throws: PostgresError.self) { try connection.execute(statement) }
      #expect(states.contains(error?.state ?? ""), "\(statement): \(error?.description ?? "was allowed")")
    }
  }

  /// Tables made before there were roles, by the administrator, and after, by migrations: 0 and 2 are the steps taken before.
  @Test(arguments: [0, 2]) func eachRoleMayDoWhatItNeedsAndNoMore(first: Int) async throws {
    try await withRoles(first) { database, roles in
      let service = try login(roles.service, database)
      let tables = try service.execute(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'fleet'"
      )
      .map { try $0.value("name", as: String.self) }
      let rules: Set<String> = [
        "fleet.schema_migrations", "fleet.run_transitions", "fleet.analyst_tenants", "fleet.analytics_refreshes",
        "fleet.training_job_transitions",
      ]
      #expect(tables.count > 10)
      for table in tables {
        let rights = rules.contains(table) ? "SELECT" : "SELECT, INSERT, UPDATE, DELETE"
        for right in rights.split(separator: ", ") {
          let row = try service.execute("SELECT has_table_privilege('\(table)', '\(right)') AS may").first
          #expect(try row?.value("may") == true, "\(right) on \(table)")
        }
      }
      expectRefused(
        [
          "CREATE TABLE fleet.mine (x integer)", "CREATE SCHEMA mine", "CREATE TABLE public.mine (x integer)",
          "CREATE TEMPORARY TABLE mine (x integer)", "ALTER TABLE fleet.runs ADD COLUMN mine integer",
          "DROP TABLE fleet.runs CASCADE",
          "TRUNCATE fleet.runs CASCADE", "ALTER TABLE fleet.runs DISABLE TRIGGER ALL",
          "DROP FUNCTION fleet.guard_run CASCADE",
          "UPDATE fleet.schema_migrations SET sha256 = ''", "DELETE FROM fleet.run_transitions",
          "DROP VIEW analytics.run_summary",
          "SET ROLE \(roles.owner)",
        ], service)

      let analyst = try login(roles.analyst, database)
      try analyst.execute("SELECT * FROM analytics.run_summary")
      try analyst.execute("SELECT * FROM run_summary")
      for view in try views("analytics", service) { try analyst.execute("SELECT * FROM \(view) LIMIT 0") }
      #expect(try analyst.execute("SHOW statement_timeout").first?.value("statement_timeout") == "5min")
      expectRefused(["SELECT * FROM fleet.runs", "SELECT * FROM fleet.schema_migrations"], analyst)
      expectRefused(["CREATE TABLE mine (x integer)"], analyst, states: ["25006", "42501"])

      let monitor = try login(roles.monitor, database)
      let secrets = "fleet.webhook_secrets"
      for view in try views("fleet", service) + tables where view != secrets {
        try monitor.execute("SELECT * FROM \(view) LIMIT 0")
      }
      expectRefused(["SELECT * FROM \(secrets)"], monitor)
      expectRefused(["DELETE FROM fleet.runs"], monitor, states: ["25006"])
      try monitor.execute("SET default_transaction_read_only = off")
      expectRefused(["DELETE FROM fleet.runs"], monitor)

      // The owner's login alone can take all further steps, and owns everything.
      var parts = try #require(URLComponents(string: database.url))
      (parts.user, parts.password) = (roles.owner, "sesame")
      #expect(try await Migrator(url: try #require(parts.string)).up() == [])
      let strangers = try await database.execute(
        """
        SELECT c.oid::regclass::text AS value FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('fleet', 'analytics') AND pg_get_userbyid(c.relowner) <> '\(roles.owner)'
        """)
      #expect(strangers == [])
    }
  }

  private func views(_ schema: String, _ connection: PostgresConnection) throws -> [String] {
    try connection.execute(
      "SELECT format('%I.%I', schemaname, viewname) AS name FROM pg_views WHERE schemaname = '\(schema)'"
    )
    .map { try $0.value("name", as: String.self) }
  }

  @Test func theServiceRunsTheLedgerButCannotMigrateIt() async throws {
    try await withRoles(1) { database, roles in
      var parts = try #require(URLComponents(string: database.url))
      (parts.user, parts.password) = (roles.service, "sesame")
      let url = try #require(parts.string)
      let ledger = try await PostgresLedger.open(url: url)
      #expect(try await ledger.models() == [])
      await ledger.close()
      #expect(try await Migrator(url: url).up() == [], "nothing is missing, so nothing is refused")
    }
    try await withDatabase(isMigrated: false) { database in
      let roles = try DatabaseRoles(prefix: "t_\(UUID().uuidString.lowercased().prefix(8))")
      _ = try await Migrator(url: database.url).apply(roles)
      try await database.execute("ALTER ROLE \(roles.service) PASSWORD 'sesame'")
      var parts = try #require(URLComponents(string: database.url))
      (parts.user, parts.password) = (roles.service, "sesame")
      let url = try #require(parts.string)
      let error = await #expect(throws: PostgresError.self) { try await Migrator(url: url).up() }
      #expect(error?.description.contains("tessera migrate roles") == true)
      try await drop(roles, database)
    }
  }

  @Test(arguments: ["", "A", "1a", "a-b", "a\"b", String(repeating: "a", count: 41)])
  func aPrefixThatMakesNoNameIsRefused(prefix: String) {
    #expect(throws: LedgerError.self) { try DatabaseRoles(prefix: prefix) }
  }
}
