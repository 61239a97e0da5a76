public import FleetContracts

/// Whose runs each analyst sees: an administrator's business, which the ledger's service may not change.
public struct AnalystRights: Sendable {
  private let migrator: Migrator

  public struct Right: Hashable, Sendable, Codable {
    /// The database role.
    public var login: String
    /// The tenant; `*` for all.
    public var tenant: String

    public init(login: String, tenant: String) {
      self.login = login
      self.tenant = tenant
    }
  }

  /// - Parameter url: libpq's connection string, of the ledger's owner or an administrator. It is a secret.
  /// - Throws: `LedgerError.unavailable` when the string can't be read.
  public init(url: String) throws { migrator = try Migrator(url: url) }

  /// By login and tenant.
  public func all() async throws -> [Right] {
    try await acting { database in
      try database.execute("SELECT login, tenant FROM fleet.analyst_tenants ORDER BY login, tenant").map {
        Right(login: try $0.value("login"), tenant: try $0.value("tenant"))
      }
    }
  }

  /// Lets a login see a tenant's runs. Granting again changes nothing.
  /// - Parameter tenant: `nil` for all tenants.
  /// - Returns: whether the login exists and may use the views at all.
  /// - Throws: `PostgresError` when this login may not grant.
  public func grant(_ tenant: Tenant?, to login: String) async throws -> Bool {
    try await acting { database in
      try database.execute(
        "INSERT INTO fleet.analyst_tenants (login, tenant) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [login, tenant?.name ?? "*"])
      return try database.execute(
        """
        SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = $1 AND has_schema_privilege(r.oid, 'analytics', 'USAGE')) AS may
        """, [login]
      ).first?.value("may") ?? false
    }
  }

  /// - Parameter tenant: `nil` takes all of a login's rights.
  /// - Returns: how many were taken.
  public func revoke(_ tenant: Tenant?, from login: String) async throws -> Int {
    try await acting { database in
      try database.execute(
        "DELETE FROM fleet.analyst_tenants WHERE login = $1 AND tenant = coalesce($2, tenant)", [login, tenant?.name]
      ).affected
    }
  }

  private func acting<Value: Sendable>(_ body: @Sendable @escaping (PostgresConnection) throws -> Value) async throws
    -> Value
  {
    try await migrator.withPool { pool in
      try await pool.transaction { database in
        try Migrator.actAsOwner(database)
        return try body(database)
      }
    }
  }
}
