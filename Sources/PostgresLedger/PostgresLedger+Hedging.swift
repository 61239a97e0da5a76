internal import Digests
internal import FleetContracts

extension PostgresLedger {
  public func hedgeStragglers(slots: Int) async throws -> Int {
    try await pool.transaction(when: PostgresConnection.anyRun(in: .predicting)) { database in
      // Held by whoever moves tiles into the outbox, so that nothing comes between looking and moving.
      try database.execute("SELECT FROM fleet.dispatching FOR UPDATE")
      let live = "fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id"
      let load = try database.execute(
        """
        SELECT (SELECT count(*) + count(t.hedged_at) FROM \(live)
                WHERE r.state = 'predicting' AND NOT fleet.is_paused(r.id) AND t.state = 'queued') AS jobs,
               EXISTS (SELECT FROM \(live) WHERE r.state = 'predicting' AND NOT fleet.is_paused(r.id) AND t.state = 'planned'
                       AND t.not_before <= now()) AS is_waiting
        """)
      guard let row = load.first, try !row.value("is_waiting", as: Bool.self) else { return 0 }
      let room = slots - (try row.value("jobs"))
      guard room > 0 else { return 0 }
      let hedged = try database.execute(
        """
        WITH late AS MATERIALIZED (
          SELECT t.pass, t.tile
          FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
          CROSS JOIN LATERAL (
            SELECT count(*) AS tiles, percentile_cont(0.95) WITHIN GROUP (
              ORDER BY x.fetch_seconds + x.infer_seconds + x.put_seconds) AS seconds
            FROM fleet.tile_results x WHERE x.pass = p.id) usual
          WHERE r.state = 'predicting' AND NOT fleet.is_paused(r.id) AND t.state = 'queued' AND t.hedged_at IS NULL AND usual.tiles >= $2
            AND t.published_at < now() - make_interval(secs => greatest($3, $4 * usual.seconds))
          ORDER BY t.published_at, t.pass, t.tile LIMIT $1
          FOR SHARE OF r SKIP LOCKED FOR UPDATE OF t SKIP LOCKED)
        UPDATE fleet.tiles t SET attempts = t.attempts + 1, queued_at = now(), published_at = NULL, hedged_at = now()
        FROM late, fleet.passes p WHERE t.pass = late.pass AND t.tile = late.tile AND p.id = late.pass
        RETURNING p.run, t.pass, p.epoch, t.tile, t.attempts, p.document, \(PostgresConnection.voters)
        """, [room, HedgePolicy.leastResults, HedgePolicy.floor, HedgePolicy.factor])
      try database.putIntoOutbox(try hedged.map { try $0.tileJob() }, skippingTaken: true)
      return hedged.count
    } ?? 0
  }
}
