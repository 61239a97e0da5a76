public import FleetContracts

extension PostgresLedger {
  public func cancel(_ id: RunID) async throws -> RunState? {
    try await pool.transaction { database in
      guard let run = try database.lock(id) else { return nil }
      guard !run.state.isFinal else { return run.state }
      // The clock, not the transaction's beginning (now()): while it waited for the row, results may still have been accepted.
      try database.execute(
        """
        UPDATE fleet.runs
        SET state = 'cancelled', epoch = epoch + 1, finished_at = clock_timestamp(), owner = NULL, lease_until = NULL
        WHERE id = $1
        """, [id])
      try database.sweepOutbox(of: id)
      return .cancelled
    }
  }
}
