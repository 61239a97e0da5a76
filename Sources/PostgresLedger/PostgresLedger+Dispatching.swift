internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func plan(_ pass: PassPlan, of claim: RunClaim) async throws {
    let id = claim.run.id
    try await pool.transaction { database in
      let run = try database.lock(id)
      let earlier = try database.execute(
        "SELECT FROM fleet.passes WHERE id = $1 AND run = $2 AND epoch = $3", [pass.id, id, claim.epoch])
      if !earlier.isEmpty { return }  // done before, by a commit that nobody heard of
      guard let run, run.allows(.plan, by: claim) else { throw LedgerError.fenced(id) }

      try database.execute(
        """
        INSERT INTO fleet.passes (id, run, position, epoch, document, tiles, model, tile_operations)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [
          pass.id, id, claim.run.position, claim.epoch, pass.document, pass.tiles,
          claim.run.passes[claim.run.position].request.model, pass.tileOperations,
        ])
      try database.execute(
        """
        INSERT INTO fleet.tiles (pass, tile, canary)
        SELECT $1::uuid, tile, random() < $3::double precision FROM generate_series(0, $2::integer - 1) AS x (tile)
        """, [pass.id, pass.tiles, pass.canaryShare])
      try database.setTimings(pass.timings, of: id, pass: claim.run.position)
      try database.execute(
        "UPDATE fleet.runs SET state = 'predicting', owner = NULL, lease_until = NULL WHERE id = $1", [id])
      if pass.tiles == 0 { try database.execute("UPDATE fleet.runs SET state = 'stitching' WHERE id = $1", [id]) }
    }
  }

  public func claimOutbox(limit: Int, lease: Duration) async throws -> [OutboxMessage] {
    try await pool.transaction(when: "SELECT FROM fleet.outbox LIMIT 1") { database in
      let rows = try database.execute(
        """
        WITH next AS MATERIALIZED (
          SELECT id FROM fleet.outbox WHERE claimed_until IS NULL OR claimed_until < now()
          ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
        UPDATE fleet.outbox o SET claimed_until = now() + make_interval(secs => $2)
        FROM next WHERE o.id = next.id
        RETURNING o.id, o.queue, o.message_id, o.message_type, o.body,
          (SELECT r.traceparent FROM fleet.passes p JOIN fleet.runs r ON r.id = p.run WHERE p.id = o.pass) AS traceparent
        """, [max(0, limit), lease])
      return try rows.map { row in
        var message = QueueMessage(
          id: try row.value("message_id"), type: try row.value("message_type"),
          body: Array(try row.value("body", as: String.self).utf8))
        message.trace = try row.optional("traceparent")
        return OutboxMessage(id: try row.value("id"), queue: try row.value("queue"), message: message)
      }.sorted { $0.id < $1.id }
    } ?? []
  }

  public func markPublished(_ messages: [OutboxMessage]) async throws {
    guard !messages.isEmpty else { return }
    let ids = try SQLJSON(messages.map(\.id).sorted())
    try await pool.transaction { database in
      let chosen = "SELECT id::bigint FROM jsonb_array_elements_text($1::jsonb) AS x (id)"
      try database.execute(
        """
        UPDATE fleet.tiles t SET published_at = now()
        FROM fleet.outbox o
        WHERE o.id IN (\(chosen)) AND t.pass = o.pass AND t.tile = o.tile AND t.state = 'queued'
        """, [ids])
      try database.execute("DELETE FROM fleet.outbox WHERE id IN (\(chosen))", [ids])
    }
  }
}
