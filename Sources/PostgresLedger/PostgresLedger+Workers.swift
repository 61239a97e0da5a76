public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func note(_ status: WorkerStatus) async throws {
    try await pool.transaction { database in
      let noted = try database.execute(
        """
        INSERT INTO fleet.workers AS w
          (name, life, number, host, state, slots, busy_slots, engine, software_version, memory_limit_bytes, memory_bytes,
           tiles, tile_seconds_p50)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (name) DO UPDATE
        SET life = excluded.life, number = excluded.number, host = excluded.host, state = excluded.state,
            slots = excluded.slots, busy_slots = excluded.busy_slots, engine = excluded.engine,
            software_version = excluded.software_version, memory_limit_bytes = excluded.memory_limit_bytes,
            memory_bytes = excluded.memory_bytes, tiles = excluded.tiles, tile_seconds_p50 = excluded.tile_seconds_p50,
            started_at = CASE WHEN w.life = excluded.life THEN w.started_at ELSE now() END, seen_at = now()
        WHERE w.life <> excluded.life OR w.number < excluded.number
        RETURNING started_at = now() AS is_new
        """,
        [
          status.worker, status.life.uuidString, status.number, status.host, status.state.rawValue, status.slots,
          min(status.busySlots, status.slots), status.engine, status.softwareVersion, status.memoryLimit, status.memory,
          status.tiles, status.tileSeconds,
        ])
      guard try noted.first?.value("is_new") == true else { return }
      // Who comes, clears up after those who have long gone.
      try database.execute("DELETE FROM fleet.workers WHERE seen_at < now() - interval '30 days'")
    }
  }

  public func workers() async throws -> [WorkerRecord] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT w.name, w.life, w.number, w.host, w.state, w.slots, w.busy_slots, w.engine, w.software_version,
               w.memory_limit_bytes, w.memory_bytes, w.tiles, w.tile_seconds_p50,
               extract(epoch FROM w.started_at) AS started_at, extract(epoch FROM w.seen_at) AS seen_at,
               a.state = 'lost' AS is_lost
        FROM fleet.workers w JOIN analytics.workers a USING (name) ORDER BY w.name COLLATE "C"
        """
      ).map { row in
        WorkerRecord(
          status: WorkerStatus(
            worker: try row.value("name"), life: try row.value("life"), number: try row.value("number"),
            host: try row.value("host"), state: try row.value("state"), slots: try row.value("slots"),
            busySlots: try row.value("busy_slots"), engine: try row.optional("engine"),
            softwareVersion: try row.value("software_version"),
            memoryLimit: try row.optional("memory_limit_bytes"), memory: try row.optional("memory_bytes"),
            tiles: try row.value("tiles"), tileSeconds: try row.optional("tile_seconds_p50")),
          startedAt: try row.value("started_at"), seenAt: try row.value("seen_at"), isLost: try row.value("is_lost"))
      }
    }
  }
}

extension WorkerStatus.State: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
extension UUID: SQLReadable { init?(sqlText: String) { self.init(uuidString: sqlText) } }
