internal import FleetContracts
internal import Migrations

/// The logins of a ledger, each with no more rights than it needs.
public struct DatabaseRoles: Hashable, Sendable {
  /// Makes and changes tables: migrations.
  public let owner: String
  /// Reads and writes rows: dispatcher, aggregator, submit, status.
  public let service: String
  /// Reads the views for analysts.
  public let analyst: String
  /// Reads everything.
  public let monitor: String

  static let usualPrefix = "tessera"

  /// - Parameter prefix: What the names begin with; another one keeps several ledgers on one server apart. Lower-case letters, digits and
  ///   underscores.
  /// - Throws: `LedgerError.unavailable` for a prefix that makes no name.
  public init(prefix: String = "tessera") throws {
    guard let first = prefix.unicodeScalars.first, ("a"..."z").contains(first) || first == "_", prefix.utf8.count <= 40,
      prefix.unicodeScalars.allSatisfy({ ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" })
    else {
      throw LedgerError.unavailable(
        "the prefix of its roles may have at most 40 lower-case letters, digits and underscores and doesn't begin with a digit."
      )
    }
    (owner, service) = ("\(prefix)_owner", "\(prefix)_service")
    (analyst, monitor) = ("\(prefix)_analyst", "\(prefix)_monitor")
  }

  public var all: [String] { [owner, service, analyst, monitor] }

  /// The statements that make the roles and give them their rights, for psql or `Migrator.apply`.
  public var script: String {
    let usual = ["owner", "service", "analyst", "monitor"].map { "\(Self.usualPrefix)_\($0)" }
    return zip(usual, all).reduce(Migrations.roles) { $0.replacing($1.0, with: $1.1) }
  }
}

extension Migrator {
  /// Makes the roles that are missing and gives all of them their rights, also on what exists already.
  /// - Returns: The roles that were made; none of them has a password yet.
  /// - Throws: `LedgerError.unavailable`, `.refused` when this login may not make roles.
  public func apply(_ roles: DatabaseRoles) async throws -> [String] {
    try await withPool { pool in
      try await pool.transaction { database in
        try database.execute("SELECT pg_advisory_xact_lock($1)", [Self.lock])
        let before = try Self.existing(database)
        try database.run(script: roles.script)
        return roles.all.filter { !before.contains($0) }
      }
    }
  }

  private static func existing(_ database: PostgresConnection) throws -> Set<String> {
    Set(try database.execute("SELECT rolname FROM pg_roles").map { try $0.value("rolname") })
  }
}
