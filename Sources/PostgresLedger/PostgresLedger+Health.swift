internal import FleetContracts

extension PostgresLedger {
  /// Whether the database answers at once, without waiting through an outage.
  /// - Throws: `LedgerError.unavailable` after `limit`, or what the database said.
  public func ping(within limit: Duration) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [pool] in _ = try await pool.transaction { try $0.execute("SELECT 1").count } }
      group.addTask {
        try await Task.sleep(for: limit)
        throw LedgerError.unavailable("it hasn't answered for \(limit.components.seconds) s.")
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
