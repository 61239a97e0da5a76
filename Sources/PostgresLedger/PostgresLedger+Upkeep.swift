extension PostgresLedger {
  public func keepUp() async throws {
    // Apart, as one of them may be refused or take long.
    try await pool.transaction { _ = try $0.execute("SELECT fleet.keep_partitions()") }
    try await pool.transaction { database in
      try database.execute("SET LOCAL statement_timeout = 0")
      try database.execute("SELECT fleet.refresh_analytics('10 minutes')")
    }
  }
}
