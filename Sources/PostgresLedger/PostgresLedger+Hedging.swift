internal import Digests
internal import FleetContracts

extension PostgresLedger {
  public func hedgeStragglers(slots: Int) async throws -> Int {
    try await pool.transaction { database in
      // Held by whoever moves tiles into the outbox, so that nothing comes between looking and moving.
      try database.execute("SELECT FROM fleet.dispatching FOR UPDATE")
      let load = try database.execute(
        """
        SELECT count(*) FILTER (WHERE t.state = 'queued') + count(*) FILTER (WHERE t.state = 'queued' AND t.hedged_at IS NOT NULL)
                 AS jobs,
               count(*) FILTER (WHERE t.state = 'planned' AND t.not_before <= now()) AS waiting
        FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
        WHERE r.state = 'predicting' AND NOT fleet.is_paused(r.id) AND t.state IN ('planned', 'queued')
        """)
      guard let row = load.first, try row.value("waiting") == 0 else { return 0 }
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
          ORDER BY t.published_at LIMIT $1
          FOR SHARE OF r SKIP LOCKED FOR UPDATE OF t SKIP LOCKED)
        UPDATE fleet.tiles t SET attempts = t.attempts + 1, queued_at = now(), published_at = NULL, hedged_at = now()
        FROM late, fleet.passes p WHERE t.pass = late.pass AND t.tile = late.tile AND p.id = late.pass
        RETURNING p.run, t.pass, p.epoch, t.tile, t.attempts, p.document,
          (SELECT json_agg(v.worker ORDER BY v.at) FROM fleet.tile_votes v WHERE v.pass = t.pass AND v.tile = t.tile) AS voters
        """, [room, HedgePolicy.leastResults, HedgePolicy.floor, HedgePolicy.factor])
      let entries = try hedged.map { row in
        let job = TileJob(
          run: try row.value("run"), pass: try row.value("pass"), epoch: try row.value("epoch"),
          tile: try row.value("tile"), attempt: try row.value("attempts"), document: try row.value("document"),
          excluding: try row.json("voters"))
        return OutboxEntry(job, try QueueMessage(job))
      }
      guard !entries.isEmpty else { return 0 }
      try database.execute(
        """
        INSERT INTO fleet.outbox (pass, tile, queue, message_id, message_type, body)
        SELECT x.pass, x.tile, $2, x.id, x.type, x.body
        FROM jsonb_to_recordset($1::jsonb) AS x (pass uuid, tile integer, id text, type text, body text)
        ON CONFLICT DO NOTHING
        """, [try SQLJSON(entries), QueueName.tiles.rawValue])
      return entries.count
    }
  }
}
