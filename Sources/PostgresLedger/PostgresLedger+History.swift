public import FleetContracts

extension PostgresLedger {
  public func history(of run: RunID) async throws -> [RunMoment] {
    try await pool.transaction { database in
      try database.execute(
        "SELECT state, epoch, owner, extract(epoch FROM at) AS at FROM fleet.run_events WHERE run = $1 ORDER BY id",
        [run]
      ).map { row in
        RunMoment(
          state: try row.value("state"), epoch: try row.value("epoch"), owner: try row.optional("owner"),
          at: try row.value("at"))
      }
    }
  }
}
