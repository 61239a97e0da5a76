import Foundation
import Testing

@testable import PostgresLedger

/// A new database on the server that `TESSERA_TEST_DATABASE_URL` names, with the ledger's schema; dropped with `drop`.
struct TestDatabase {
  let url: String
  private let name: String

  @TaskLocal static var shared: TestDatabase?

  /// The server's address; `nil` where there is none. `Compose/test` sets it.
  static let server = ProcessInfo.processInfo.environment["TESSERA_TEST_DATABASE_URL"]
  static let advice: Comment = "needs TESSERA_TEST_DATABASE_URL; Compose/test starts a server and sets it"

  /// - Parameter isMigrated: Whether it gets the ledger's schema.
  init(isMigrated: Bool = true) async throws {
    let server = try #require(Self.server)
    name = "tessera_test_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
    url = try #require(Self.address(of: name, on: server))
    let database = name
    try await Self.administer { try $0.execute("CREATE DATABASE \(database)") }
    if isMigrated { _ = try await Migrator(url: url).up() }
  }

  func drop() async throws {
    try await Self.administer { try $0.execute("DROP DATABASE \(name) WITH (FORCE)") }
  }

  /// Runs a statement on the database itself, as an operator would with psql.
  @discardableResult
  func execute(_ sql: String) async throws -> [String?] {
    try PostgresConnection(ConnectionSettings(url: url)).execute(sql).map { try $0.optional("value") }
  }

  /// Broken invariants of the ledger; must be none at any moment.
  func violations() async throws -> [String?] {
    try await execute("SELECT concat_ws(': ', invariant, run, detail) AS value FROM fleet.ledger_violations")
  }

  /// Lets time pass for the ledger: moves all that it compares with the clock into the past.
  func advance(by duration: Duration) async throws {
    let pause = "make_interval(secs => \(duration.sqlText))"
    try PostgresConnection(ConnectionSettings(url: url)).run(
      script: """
        UPDATE fleet.runs SET lease_until = lease_until - \(pause) WHERE lease_until IS NOT NULL;
        UPDATE fleet.tiles SET not_before = not_before - \(pause), published_at = published_at - \(pause);
        UPDATE fleet.workers SET started_at = started_at - \(pause), seen_at = seen_at - \(pause);
        UPDATE fleet.tile_votes SET at = at - \(pause);
        UPDATE fleet.quarantines SET announced_at = announced_at - \(pause);
        UPDATE fleet.outbox SET claimed_until = claimed_until - \(pause);
        UPDATE fleet.dispatching SET moved_at = moved_at - \(pause);
        UPDATE fleet.events SET claimed_until = claimed_until - \(pause);
        UPDATE fleet.training_jobs
        SET lease_until = lease_until - \(pause), not_before = not_before - \(pause),
            claimed_until = claimed_until - \(pause), published_at = published_at - \(pause);
        UPDATE fleet.training_checkpoints SET at = at - \(pause);
        UPDATE fleet.training_epochs SET at = at - \(pause);
        ALTER TABLE fleet.trainings DISABLE TRIGGER guard_training;
        UPDATE fleet.trainings SET finished_at = finished_at - \(pause) WHERE finished_at IS NOT NULL;
        ALTER TABLE fleet.trainings ENABLE TRIGGER guard_training;
        UPDATE fleet.webhook_deliveries
        SET begun_at = begun_at - \(pause), due_at = due_at - \(pause), claimed_until = claimed_until - \(pause);
        """)
  }

  /// Forgets all models, runs and workers. Not by TRUNCATE, which makes hundreds of files anew.
  func empty() throws {
    try PostgresConnection(ConnectionSettings(url: url)).run(
      script: """
        DO $$
        DECLARE name regclass;
        BEGIN
          SET LOCAL session_replication_role = replica; -- no trigger is asked
          FOR name IN
            SELECT oid FROM pg_class
            WHERE relnamespace = 'fleet'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
              AND relname NOT IN ('schema_migrations', 'run_transitions', 'training_job_transitions', 'dispatching', 'analytics_refreshes')
          LOOP
            EXECUTE format('DELETE FROM %s', name);
          END LOOP;
        END $$;
        UPDATE fleet.dispatching SET shares = DEFAULT;
        """)
  }

  static func address(of database: String, on server: String) -> String? {
    var parts = URLComponents(string: server)
    parts?.path = "/\(database)"
    return parts?.string
  }

  private static func administer(_ body: (PostgresConnection) throws -> Void) async throws {
    let address = try #require(server)
    try body(PostgresConnection(ConnectionSettings(url: address)))
  }
}

/// One database for all tests of a suite, one after the other: `TestDatabase.shared`.
struct SharedDatabase: SuiteTrait, TestScoping {
  func provideScope(for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void)
    async throws
  {
    try await withDatabase { database in
      try await TestDatabase.$shared.withValue(database) { try await body() }
    }
  }
}

extension Trait where Self == SharedDatabase {
  static var sharedDatabase: SharedDatabase { SharedDatabase() }
}

/// Runs `body` with a database of its own.
func withDatabase(isMigrated: Bool = true, _ body: (TestDatabase) async throws -> Void) async throws {
  let database = try await TestDatabase(isMigrated: isMigrated)
  do {
    try await body(database)
  } catch {
    try await database.drop()
    throw error
  }
  try await database.drop()
}
