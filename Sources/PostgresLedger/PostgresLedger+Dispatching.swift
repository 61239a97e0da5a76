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
        "INSERT INTO fleet.tiles (pass, tile) SELECT $1::uuid, generate_series(0, $2::integer - 1)",
        [pass.id, pass.tiles])
      try database.setTimings(pass.timings, of: id, pass: claim.run.position)
      try database.execute(
        "UPDATE fleet.runs SET state = 'predicting', owner = NULL, lease_until = NULL WHERE id = $1", [id])
      if pass.tiles == 0 { try database.execute("UPDATE fleet.runs SET state = 'stitching' WHERE id = $1", [id]) }
    }
  }

  /// Held by whoever moves tiles into the outbox, so that all dispatchers together keep to the window. Any number that no other
  /// program uses on this database.
  private static let windowLock = 0x7465_7373_6572_61

  public func enqueueTiles(window: Int) async throws -> Int {
    try await pool.transaction { database in
      // In a statement of its own: the next one must see what the former holder has done.
      try database.execute("SELECT pg_advisory_xact_lock($1)", [Self.windowLock])
      let queued = try database.execute(
        """
        SELECT count(*) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
        WHERE t.state = 'queued' AND r.state = 'predicting'
        """
      ).first?.value("count", as: Int.self)
      let room = window - (queued ?? 0)
      guard room > 0 else { return 0 }

      // A run that is just being failed or completed by another is left alone (SHARE … SKIP LOCKED), or its tiles would come
      // into the outbox after that one has swept it.
      let moved = try database.execute(
        """
        WITH due AS MATERIALIZED (
          SELECT t.pass, t.tile
          FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
          WHERE r.state = 'predicting' AND t.state = 'planned' AND t.not_before <= now()
          ORDER BY r.submitted_at, r.id, t.tile LIMIT $1
          FOR SHARE OF r SKIP LOCKED FOR UPDATE OF t SKIP LOCKED)
        UPDATE fleet.tiles t
        SET state = 'queued', attempts = t.attempts + 1, queued_at = now(), published_at = NULL
        FROM due, fleet.passes p WHERE t.pass = due.pass AND t.tile = due.tile AND p.id = due.pass
        RETURNING p.run, t.pass, p.epoch, t.tile, t.attempts, p.document
        """, [room])
      guard !moved.isEmpty else { return 0 }
      let entries = try moved.map { row in
        let job = TileJob(
          run: try row.value("run"), pass: try row.value("pass"), epoch: try row.value("epoch"),
          tile: try row.value("tile"), attempt: try row.value("attempts"), document: try row.value("document"))
        return OutboxEntry(job, try QueueMessage(job))
      }
      try database.execute(
        """
        INSERT INTO fleet.outbox (pass, tile, queue, message_id, message_type, body)
        SELECT x.pass, x.tile, $2, x.id, x.type, x.body
        FROM jsonb_to_recordset($1::jsonb) AS x (pass uuid, tile integer, id text, type text, body text)
        JOIN fleet.passes p ON p.id = x.pass JOIN fleet.runs r ON r.id = p.run
        ORDER BY r.submitted_at, r.id, x.tile
        """, [try SQLJSON(entries), QueueName.tiles.rawValue])
      return moved.count
    }
  }

  private struct OutboxEntry: Encodable {
    var pass: PassID
    var tile: Int
    var id: String
    var type: String
    var body: String

    init(_ job: TileJob, _ message: QueueMessage) {
      pass = job.pass
      tile = job.tile
      id = message.id
      type = message.type
      body = String(decoding: message.body, as: UTF8.self)
    }
  }

  public func claimOutbox(limit: Int, lease: Duration) async throws -> [OutboxMessage] {
    try await pool.transaction { database in
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
    }
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

  public func requeueOverdueTiles(olderThan age: Duration) async throws -> Int {
    try await pool.transaction { database in
      try database.execute(
        """
        WITH overdue AS MATERIALIZED (
          SELECT t.pass, t.tile
          FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
          WHERE t.state = 'queued' AND t.published_at < now() - make_interval(secs => $1) AND r.state = 'predicting'
          FOR UPDATE OF t SKIP LOCKED)
        UPDATE fleet.tiles t SET state = 'planned', not_before = now(), published_at = NULL
        FROM overdue WHERE t.pass = overdue.pass AND t.tile = overdue.tile
        """, [age]
      ).affected
    }
  }
}
