internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  /// As many runs of each class and tenant are looked at in one move, those that are due first.
  private static let runsAtOnce = 16

  public func enqueueTiles(_ window: DispatchWindow) async throws -> DispatchReport {
    let report = try await pool.transaction(when: PostgresConnection.anyRun(in: .predicting)) { database in
      // In a statement of its own: the next one must see what the former holder has done.
      let state = try database.execute(
        """
        SELECT shares, CASE WHEN moved_at = '-infinity' THEN 1e9 ELSE extract(epoch FROM now() - moved_at) END AS last_move
        FROM fleet.dispatching FOR UPDATE
        """
      ).first
      var shares: DispatchShares = try state?.json("shares") ?? DispatchShares()
      let counts = try database.execute(
        """
        SELECT (SELECT count(*) FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
                WHERE r.state = 'predicting' AND t.state = 'queued') AS queued,
               (SELECT count(*) FROM fleet.outbox) AS unpublished
        """
      ).first
      let queued = try counts?.value("queued", as: Int.self) ?? 0
      let room = window.room(
        queued: queued, unpublished: try counts?.value("unpublished") ?? 0,
        lastMove: .seconds(try state?.value("last_move", as: Double.self) ?? 0))
      guard room > 0 else { return DispatchReport(moved: 0, queued: queued) }

      let backlog = try database.backlog(runs: Self.runsAtOnce, tiles: room)
      let chosen = shares.choose(from: backlog, room: room)
      guard !chosen.isEmpty else { return DispatchReport(moved: 0, queued: queued) }
      let moved = try database.move(chosen)
      try database.execute(
        "UPDATE fleet.dispatching SET shares = $1::jsonb, moved_at = clock_timestamp()", [try SQLJSON(shares)])
      return DispatchReport(moved: moved, queued: queued + moved)
    }
    return report ?? DispatchReport(moved: 0, queued: 0)
  }

  public func claimSubmittedRun(
    of classes: Set<RunClass>, owner: String, lease: Duration
  ) async throws -> RunClaim? {
    let submitted = PostgresConnection.anyRun(in: .submitted, .continuing, .preparing)
    return try await pool.transaction(when: submitted) { database -> RunClaim? in
      // Who finds a run that another is just claiming looks past it (SKIP LOCKED) instead of waiting.
      let rows = try database.execute(
        """
        WITH in_work AS (
          SELECT class, tenant, count(*) AS runs FROM fleet.runs WHERE state IN ('preparing', 'predicting') GROUP BY class, tenant),
        next AS MATERIALIZED (
          SELECT r.id FROM fleet.runs r LEFT JOIN in_work w ON w.class = r.class AND w.tenant = r.tenant
          WHERE (r.state IN ('submitted', 'continuing') OR (r.state = 'preparing' AND r.lease_until < now()))
            AND r.class IN (SELECT jsonb_array_elements_text($3::jsonb)) AND NOT fleet.is_paused(r.id)
          ORDER BY \(PostgresConnection.due) < now() DESC, array_position($4::text[], r.class), coalesce(w.runs, 0),
                   \(PostgresConnection.due), r.submitted_at, r.id
          LIMIT 1 FOR UPDATE OF r SKIP LOCKED)
        UPDATE fleet.runs r
        SET state = 'preparing', epoch = r.epoch + 1, owner = $1, lease_until = now() + make_interval(secs => $2),
            started_at = coalesce(r.started_at, now())
        FROM next WHERE r.id = next.id
        RETURNING r.id, r.epoch
        """,
        [
          owner, lease, try SQLJSON(classes.map(\.rawValue)),
          "{\(RunClass.allCases.sorted().map(\.rawValue).joined(separator: ","))}",
        ])
      guard let row = rows.first else { return nil }
      let epoch: Int = try row.value("epoch")
      return try database.runRecord(try row.value("id")).map { RunClaim(run: $0, epoch: epoch) }
    } ?? nil
  }
}

extension PostgresConnection {
  /// Finds a row when there is a run in one of the states.
  static func anyRun(in states: RunState...) -> String {
    "SELECT FROM fleet.runs WHERE state IN (\(states.map { "'\($0.rawValue)'" }.joined(separator: ", "))) LIMIT 1"
  }

  /// `RunClass.due` of a row `r` of `fleet.runs`.
  fileprivate static let due = {
    let cases = RunClass.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.patience)" }.joined(separator: " ")
    return "coalesce(r.deadline, r.submitted_at + make_interval(secs => CASE r.class \(cases) END))"
  }()

  /// Runs with tiles to hand out.
  /// - Parameters:
  ///   - runs: at most so many of each class and tenant.
  ///   - tiles: at most so many of each run are counted, also those that pause after a failure.
  fileprivate func backlog(runs: Int, tiles: Int) throws -> [BacklogRun] {
    try execute(
      """
      WITH live AS MATERIALIZED (
        SELECT r.id AS run, p.id AS pass, r.class, r.tenant, r.submitted_at, \(Self.due) AS due, p.tile_operations,
               p.tiles - p.accepted AS unfinished
        FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id
        WHERE r.state = 'predicting' AND (NOT EXISTS (SELECT FROM fleet.pauses) OR NOT fleet.is_paused(r.id)) AND EXISTS (
          SELECT FROM fleet.tiles t WHERE t.pass = p.id AND t.state = 'planned' AND t.not_before <= now())),
      ranked AS (
        SELECT live.*, row_number() OVER (PARTITION BY class, tenant ORDER BY due, submitted_at, run) AS place FROM live)
      SELECT run, pass, class, tenant, extract(epoch FROM submitted_at) AS submitted_at, extract(epoch FROM due) AS due,
             tile_operations, greatest(1, least($2, unfinished - (
               SELECT count(*) FROM fleet.tiles t WHERE t.pass = ranked.pass AND t.state = 'queued'))) AS tiles
      FROM ranked WHERE place <= $1
      """, [runs, tiles]
    ).map { row in
      BacklogRun(
        run: try row.value("run"), pass: try row.value("pass"), runClass: try row.value("class"),
        tenant: try row.value("tenant"), due: try row.value("due"), submittedAt: try row.value("submitted_at"),
        tiles: try row.value("tiles"), tileCost: try row.value("tile_operations"))
    }
  }

  /// Moves the next tiles of passes into the outbox, in the order of `chosen`.
  /// - Returns: how many it moved; a run that is just being ended by another is left alone.
  fileprivate func move(_ chosen: [PassID]) throws -> Int {
    struct Choice: Encodable {
      var pass: PassID
      var tiles: Int
    }
    let counts = Dictionary(grouping: chosen, by: { $0 }).map { Choice(pass: $0.key, tiles: $0.value.count) }
    // A run that is just being failed, cancelled or completed by another is left alone (SHARE … SKIP LOCKED), or its tiles would come
    // into the outbox after that one has swept it.
    let moved = try execute(
      """
      WITH going AS MATERIALIZED (
        SELECT p.id AS pass, p.run, p.epoch, p.document, x.tiles
        FROM jsonb_to_recordset($1::jsonb) AS x (pass uuid, tiles integer)
        JOIN fleet.passes p ON p.id = x.pass JOIN fleet.runs r ON r.id = p.run
        WHERE r.state = 'predicting' FOR SHARE OF r SKIP LOCKED),
      due AS MATERIALIZED (
        SELECT going.pass, t.tile FROM going CROSS JOIN LATERAL (
          SELECT t.tile FROM fleet.tiles t
          WHERE t.pass = going.pass AND t.state = 'planned' AND t.not_before <= now()
          ORDER BY t.tile LIMIT going.tiles FOR UPDATE SKIP LOCKED) t)
      UPDATE fleet.tiles t
      SET state = 'queued', attempts = t.attempts + 1, queued_at = now(), published_at = NULL
      FROM due, going WHERE t.pass = due.pass AND t.tile = due.tile AND going.pass = due.pass
      RETURNING going.run, t.pass, going.epoch, t.tile, t.attempts, going.document, \(Self.voters)
      """, [try SQLJSON(counts)])
    guard !moved.isEmpty else { return 0 }
    let jobs = try moved.map { try $0.tileJob() }
    var lines = Dictionary(grouping: jobs, by: \.pass).mapValues { $0.sorted { $0.tile < $1.tile }[...] }
    let ordered = chosen.compactMap { lines[$0]?.popFirst() }
    try putIntoOutbox(ordered)
    return ordered.count
  }
}
