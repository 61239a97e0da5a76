public import FleetContracts

extension PostgresLedger {
  public func pause(_ scope: PauseScope) async throws {
    try await pool.transaction { database in
      _ = try database.execute(
        "INSERT INTO fleet.pauses (kind, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", [scope.kind, scope.name])
    }
  }

  @discardableResult
  public func resume(_ scope: PauseScope) async throws -> Bool {
    try await pool.transaction { database in
      try database.execute("DELETE FROM fleet.pauses WHERE kind = $1 AND name = $2", [scope.kind, scope.name])
        .affected == 1
    }
  }

  public func pauses() async throws -> [Pause] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT kind, name, extract(epoch FROM paused_at) AS since FROM fleet.pauses ORDER BY paused_at, kind, name
        """
      ).compactMap { row in
        // A kind that only a newer version knows is for that version to show.
        guard let scope = PauseScope(kind: try row.value("kind"), name: try row.value("name")) else { return nil }
        return Pause(scope: scope, since: try row.value("since"))
      }
    }
  }
}
