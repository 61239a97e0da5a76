internal import FleetContracts
internal import Foundation
internal import Migrations

/// What a process would find at a database with a URL: for a person who looks for what is wrong. It changes nothing there.
public struct DatabaseExamination: Sendable {
  /// Such as `15.18`.
  public var version: String
  public var login: String
  /// The version of TLS that protects the connection; `nil` without.
  public var tls: String?
  /// What is wrong with the schema, and what to do.
  public var schemaProblem: String?
  /// Tables of the ledger that this login can't read and write.
  public var closedTables: [String]
  /// Whether this login may change tables, which no running process needs.
  public var mayChangeTables: Bool
  /// How much the database's clock is ahead of this machine's, in seconds.
  public var clockAhead: Double
  /// Size of the database, in bytes.
  public var bytes: Int
  /// Whether the server takes no changes, as a replica does.
  public var isReadOnly: Bool

  /// - Throws: `LedgerError.unavailable` and other errors of a connection.
  public static func examine(url: String) async throws -> DatabaseExamination {
    let pool = ConnectionPool(try ConnectionSettings(url: url), connections: 1, patience: .seconds(3))
    do {
      let found = try await pool.transaction { try DatabaseExamination($0) }
      await pool.close()
      return found
    } catch {
      await pool.close()
      throw error
    }
  }

  private init(_ database: PostgresConnection) throws {
    let before = Date()
    let row = try database.execute(
      """
      SELECT current_setting('server_version') AS version, current_user AS login, extract(epoch FROM clock_timestamp()) AS now,
             (SELECT s.version FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid() AND s.ssl) AS tls,
             pg_database_size(current_database()) AS bytes,
             pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS is_read_only
      """
    ).first
    let after = Date()
    guard let row else { throw LedgerError.unavailable("it gave no answer about itself.") }
    version = try row.value("version")
    login = try row.value("login")
    tls = try row.optional("tls")
    bytes = try row.value("bytes")
    isReadOnly = try row.value("is_read_only")
    // The server looked at its clock at some moment in between.
    let here = (before.timeIntervalSince1970 + after.timeIntervalSince1970) / 2
    clockAhead = try row.value("now", as: Double.self) - here
    (closedTables, mayChangeTables) = ([], false)

    let isVisible = try database.execute(
      "SELECT coalesce(has_schema_privilege(to_regnamespace('fleet'), 'USAGE'), true) AS it"
    ).first
    guard try isVisible?.value("it") == true else {
      schemaProblem =
        "The login \(login) may not look into the schema fleet; use one that may (`tessera migrate roles`)."
      return
    }
    do {
      try Migrator.check(Migrator.applied(database), isComplete: true)
    } catch let error as LedgerError {
      schemaProblem = "\(error)"
      return
    }
    closedTables = try database.execute(
      """
      SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'fleet' AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('schema_migrations', 'run_transitions', 'analyst_tenants', 'analytics_refreshes',
        'training_job_transitions')
        AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                 AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
      ORDER BY 1
      """
    ).map { try $0.value("name") }
    mayChangeTables =
      try database.execute(
        """
        SELECT has_schema_privilege('fleet', 'CREATE') OR pg_has_role(c.relowner, 'USAGE') AS it
        FROM pg_class c WHERE c.oid = 'fleet.runs'::regclass
        """
      ).first?.value("it") ?? false
  }
}
