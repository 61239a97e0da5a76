internal import Digests
internal import FleetContracts
internal import Migrations

/// Brings a database's schema up to what this program needs.
///
/// Several processes may do it at once: an advisory lock lets one at a time pass, and each step is a transaction of its own, so a
/// database is never half-way between two versions.
public struct Migrator: Sendable {
  private let settings: ConnectionSettings
  private let patience: Duration

  /// - Parameters:
  ///   - url: libpq's connection string. It is a secret.
  ///   - patience: How long an outage of the database is waited through.
  /// - Throws: `LedgerError.unavailable` when the string can't be read.
  public init(url: String, patience: Duration = .seconds(30)) throws {
    settings = try ConnectionSettings(url: url)
    self.patience = patience
  }

  /// A step of the schema, and when this database has taken it.
  public struct Step: Hashable, Sendable, Codable {
    public var version: Int
    public var name: String
    /// In ISO 8601, UTC; `nil` when it hasn't been taken.
    public var appliedAt: String?

    public init(version: Int, name: String, appliedAt: String? = nil) {
      self.version = version
      self.name = name
      self.appliedAt = appliedAt
    }
  }

  /// All steps, taken or not, oldest first.
  /// - Throws: `LedgerError.notMigrated` when the database has steps that this program doesn't know, or knows differently;
  ///   `LedgerError.unavailable`.
  public func status() async throws -> [Step] {
    let applied = try await withPool { try await $0.transaction { try Self.applied($0) } }
    try Self.check(applied, isComplete: false)
    return Migrations.all.map { migration in
      Step(
        version: migration.version, name: migration.name,
        appliedAt: applied.first { $0.version == migration.version }?.appliedAt)
    }
  }

  /// Takes the steps that are missing, and returns them.
  /// - Parameter last: the version to stop at; `nil` goes all the way.
  /// - Throws: As `status`. Steps that were taken before the error stay.
  public func up(through last: Int? = nil) async throws -> [Step] {
    try await withPool { pool in
      var taken: [Step] = []
      while let step = try await pool.transaction({ try Self.takeNext($0, through: last ?? .max) }) {
        taken.append(step)
      }
      return taken
    }
  }

  /// Takes steps back, the newest first, and returns them. What only a newer schema can hold is lost.
  /// - Parameter version: the version that the database has afterwards; 0 leaves no ledger.
  /// - Throws: As `status`. Steps that were taken back before the error stay so.
  public func down(to version: Int) async throws -> [Step] {
    try await withPool { pool in
      var taken: [Step] = []
      while let step = try await pool.transaction({ try Self.takeBackLast($0, to: version) }) { taken.append(step) }
      return taken
    }
  }

  private static func takeBackLast(_ database: PostgresConnection, to version: Int) throws -> Step? {
    try waitForOthers(database)
    let applied = try Self.applied(database)
    try check(applied, isComplete: false)
    guard let last = applied.last, last.version > version,
      let known = Migrations.all.last(where: { $0.version == last.version })
    else { return nil }
    try actAsOwner(database)
    try database.run(script: known.down)
    try database.execute("DELETE FROM fleet.schema_migrations WHERE version = $1", [last.version])
    return Step(version: last.version, name: last.name, appliedAt: last.appliedAt)
  }

  /// Makes sure that the database has just the steps that this program knows.
  /// - Throws: `LedgerError.notMigrated`, `.unavailable`.
  public func validate() async throws {
    let applied = try await withPool { try await $0.transaction { try Self.applied($0) } }
    try Self.check(applied, isComplete: true)
  }

  /// Another process may be busy with a long step; its lock is waited for, however long that takes.
  private static func waitForOthers(_ database: PostgresConnection) throws {
    try database.execute("SET LOCAL lock_timeout = 0")
    try database.execute("SET LOCAL statement_timeout = 0")
    try database.execute("SELECT pg_advisory_xact_lock($1)", [lock])
  }

  /// Any number that no other program uses on this database.
  static let lock = 0x7465_7373_6d69_67

  private static func takeNext(_ database: PostgresConnection, through last: Int) throws -> Step? {
    try waitForOthers(database)
    let applied = try Self.applied(database)
    try check(applied, isComplete: false)
    guard let next = Migrations.all.first(where: { $0.version > applied.count && $0.version <= last }) else {
      return nil
    }
    try actAsOwner(database)
    try database.run(script: foundations)
    try database.run(script: next.sql)
    try database.execute(
      "INSERT INTO fleet.schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
      [next.version, next.name, Digest(of: next.sql.utf8)])
    return try Self.applied(database).last.map { Step(version: $0.version, name: $0.name, appliedAt: $0.appliedAt) }
  }

  /// Where the ledger belongs to another role than this login, and the login may act as it, what is made belongs to that role too (see
  /// `roles`). Until the end of the transaction.
  static func actAsOwner(_ database: PostgresConnection) throws {
    try database.execute(
      """
      SELECT set_config('role', r.rolname, true) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
      WHERE n.nspname = 'fleet' AND r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER')
      """)
  }

  private static let foundations = """
    CREATE SCHEMA IF NOT EXISTS fleet;
    CREATE SCHEMA IF NOT EXISTS analytics;
    CREATE TABLE IF NOT EXISTS fleet.schema_migrations (
      version    integer PRIMARY KEY,
      name       text NOT NULL,
      sha256     text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON SCHEMA fleet IS 'The ledger of Tessera: models, runs, tiles, results.';
    COMMENT ON SCHEMA analytics IS 'Views for analysts.';
    COMMENT ON TABLE fleet.schema_migrations IS 'The steps of the schema that this database has taken.';
    COMMENT ON COLUMN fleet.schema_migrations.version IS '1, 2, 3, without gaps.';
    COMMENT ON COLUMN fleet.schema_migrations.name IS 'The step''s name.';
    COMMENT ON COLUMN fleet.schema_migrations.sha256 IS 'SHA-256 of the step''s SQL: a step is never changed.';
    COMMENT ON COLUMN fleet.schema_migrations.applied_at IS 'When it was taken.';
    """

  struct Applied: Hashable, Sendable {
    var version: Int
    var name: String
    var sha256: String
    var appliedAt: String
  }

  /// The steps that the database has taken; none where it has never heard of Tessera.
  static func applied(_ database: PostgresConnection) throws -> [Applied] {
    let table = try database.execute("SELECT to_regclass('fleet.schema_migrations') IS NOT NULL AS is_there")
    guard try table.first?.value("is_there") == true else { return [] }
    return try database.execute(
      """
      SELECT version, name, sha256, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at
      FROM fleet.schema_migrations ORDER BY version
      """
    ).map { row in
      Applied(
        version: try row.value("version"), name: try row.value("name"), sha256: try row.value("sha256"),
        appliedAt: try row.value("applied_at"))
    }
  }

  /// Holds the steps that were taken against those that this program knows.
  /// - Parameter isComplete: Whether all of them must have been taken.
  static func check(_ applied: [Applied], isComplete: Bool) throws {
    for (index, step) in applied.enumerated() {
      guard index < Migrations.all.count else {
        throw LedgerError.notMigrated(
          "the database has version \(step.version) (\(step.name)), this program knows \(Migrations.all.count); use a newer program"
        )
      }
      let known = Migrations.all[index]
      guard step.version == known.version, step.sha256 == Digest(of: known.sql.utf8).hexadecimal else {
        throw LedgerError.notMigrated(
          "version \(step.version) (\(step.name)) was made by other SQL than this program's; use the program that made it, or a new database"
        )
      }
    }
    guard !isComplete || applied.count == Migrations.all.count else {
      throw LedgerError.notMigrated(
        applied.isEmpty
          ? "the database has no ledger yet; run `tessera migrate up`"
          : "the database has version \(applied.count), this program needs \(Migrations.all.count); run `tessera migrate up`"
      )
    }
  }

  func withPool<Value>(_ body: (ConnectionPool) async throws -> Value) async throws -> Value {
    let pool = ConnectionPool(settings, connections: 1, patience: patience)
    do {
      let value = try await body(pool)
      await pool.close()
      return value
    } catch {
      await pool.close()
      throw error
    }
  }
}
