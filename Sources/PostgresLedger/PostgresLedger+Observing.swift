public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func overview() async throws -> FleetOverview {
    try await pool.transaction { database in
      let facts = try database.execute(
        """
        SELECT extract(epoch FROM now()) AS at,
               (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM fleet.outbox) AS outbox_lag,
               (SELECT count(*) FROM fleet.tiles WHERE state = 'dead') AS dead_tiles,
               (SELECT count(*) FROM fleet.digest_conflicts) AS digest_conflicts
        """)
      guard let row = facts.first else { return FleetOverview(at: Date()) }
      return FleetOverview(
        at: try row.value("at"), runs: try database.runCounts(), outstanding: try database.outstandingTiles(),
        outboxLag: try row.value("outbox_lag"), tilesByMinute: try database.tilesByMinute(),
        runsInWork: try database.runsInWork(),
        deadTiles: try row.value("dead_tiles"), digestConflicts: try row.value("digest_conflicts"),
        deadlineMisses: try database.deadlineMisses(), deadLetters: try database.deadLetterCounts(),
        attention: try database.attention(), events: try database.eventBacklog())
    }
  }

  public func attention() async throws -> FleetAttention { try await pool.transaction { try $0.attention() } }

  /// Each run is looked at for so long after its end.
  private static let horizon = Duration.seconds(3600)

  public func violations() async throws -> [String: Int] {
    try await pool.transaction { database in
      let rows = try database.execute(
        """
        SELECT split_part(invariant, ' ', 1) AS name, count(*)
        FROM fleet.violations_of_late(make_interval(secs => $1)) GROUP BY 1
        """, [Self.horizon])
      return Dictionary(
        try rows.map { (try $0.value("name"), try $0.value("count")) }, uniquingKeysWith: { first, _ in first })
    }
  }
}

extension PostgresConnection {
  fileprivate static let window = "make_interval(mins => \(FleetOverview.window))"

  fileprivate func runCounts() throws -> [FleetOverview.RunCount] {
    try execute("SELECT state, class, count(*) FROM fleet.runs GROUP BY 1, 2 ORDER BY 1, 2").map { row in
      FleetOverview.RunCount(
        state: try row.value("state"), runClass: try row.value("class"), count: try row.value("count"))
    }
  }

  fileprivate func attention() throws -> FleetAttention {
    let row = try execute(
      """
      SELECT (SELECT count(*) FROM fleet.dead_letters WHERE state = 'open') AS letters,
             (SELECT count(*) FROM fleet.quarantines WHERE released_at IS NULL) AS quarantines
      """
    ).first
    return FleetAttention(
      openDeadLetters: try row?.value("letters") ?? 0, quarantines: try row?.value("quarantines") ?? 0)
  }

  fileprivate func eventBacklog() throws -> EventBacklog {
    let row = try execute(
      """
      SELECT e.unpublished, e.lag,
             (SELECT count(*) FROM fleet.webhook_deliveries WHERE state = 'pending') AS deliveries
      FROM (SELECT count(*) AS unpublished, coalesce(extract(epoch FROM now() - min(at)), 0) AS lag
            FROM fleet.events WHERE published_at IS NULL) e
      """
    ).first
    return EventBacklog(
      unpublished: try row?.value("unpublished") ?? 0, lag: max(0, try row?.value("lag") ?? 0),
      pendingDeliveries: try row?.value("deliveries") ?? 0)
  }

  fileprivate func deadLetterCounts() throws -> [FleetOverview.DeadLetterCount] {
    try execute(
      "SELECT coalesce(failure_kind, 'unreadable') AS reason, count(*) FROM fleet.dead_letters GROUP BY 1 ORDER BY 1"
    ).map { FleetOverview.DeadLetterCount(reason: try $0.value("reason"), count: try $0.value("count")) }
  }

  fileprivate func outstandingTiles() throws -> [FleetOverview.OutstandingTiles] {
    try execute(
      """
      SELECT r.class, count(*) FILTER (WHERE t.state = 'planned') AS planned,
             count(*) FILTER (WHERE t.state = 'queued') AS queued
      FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
      WHERE r.state = 'predicting' AND t.state <> 'done'
      GROUP BY r.class ORDER BY r.class
      """
    ).map { row in
      FleetOverview.OutstandingTiles(
        runClass: try row.value("class"), planned: try row.value("planned"), queued: try row.value("queued"))
    }
  }

  fileprivate func deadlineMisses() throws -> [FleetOverview.DeadlineMisses] {
    try execute(
      """
      SELECT class, count(*) FROM fleet.runs
      WHERE deadline < CASE WHEN state IN ('completed', 'cancelled') THEN finished_at ELSE now() END
      GROUP BY class ORDER BY class
      """
    ).map { FleetOverview.DeadlineMisses(runClass: try $0.value("class"), count: try $0.value("count")) }
  }

  fileprivate func tilesByMinute() throws -> [Int] {
    var minutes = Array(repeating: 0, count: FleetOverview.window)
    let rows = try execute(
      """
      SELECT floor(extract(epoch FROM now() - accepted_at) / 60)::integer AS age, count(*)
      FROM fleet.tile_results WHERE accepted_at > now() - \(Self.window) GROUP BY 1
      """)
    for row in rows {
      let place = minutes.count - 1 - max(0, try row.value("age", as: Int.self))
      if minutes.indices.contains(place) { minutes[place] += try row.value("count", as: Int.self) }
    }
    return minutes
  }

  fileprivate func runsInWork() throws -> [FleetOverview.RunInWork] {
    try execute(
      """
      SELECT r.id, r.model_name, r.class, r.tenant, r.state, extract(epoch FROM r.submitted_at) AS submitted_at, q.passes,
             coalesce(p.position, 0) AS position, coalesce(p.tiles, 0) AS planned, coalesce(p.accepted, 0) AS accepted,
             (SELECT count(*) FROM fleet.tile_results x
              WHERE x.pass = p.id AND x.accepted_at > now() - \(Self.window)) AS recent
      FROM fleet.runs r
      CROSS JOIN LATERAL (SELECT count(*) AS passes FROM fleet.pass_requests q WHERE q.run = r.id) q
      LEFT JOIN LATERAL (
        SELECT * FROM fleet.passes p WHERE p.run = r.id ORDER BY p.position DESC LIMIT 1) p ON true
      WHERE r.state NOT IN ('completed', 'failed', 'cancelled')
      ORDER BY array_position(ARRAY['stat', 'routine', 'batch'], r.class), r.submitted_at, r.id
      LIMIT \(FleetOverview.mostRuns)
      """
    ).map { row in
      FleetOverview.RunInWork(
        run: try row.value("id"), model: try row.value("model_name"), runClass: try row.value("class"),
        tenant: try row.value("tenant"), state: try row.value("state"), passes: try row.value("passes"),
        position: try row.value("position"), plannedTiles: try row.value("planned"),
        acceptedTiles: try row.value("accepted"), submittedAt: try row.value("submitted_at"),
        recentTiles: try row.value("recent"))
    }
  }
}
