public import FleetContracts
public import Foundation

extension PostgresLedger {
  public func events(after position: Int, run: RunID?, tenant: Tenant?, limit: Int) async throws -> [FleetEvent] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT \(FleetEvent.columns) FROM fleet.events e
        WHERE e.position > $1 AND (e.run = $2 OR $2::uuid IS NULL) AND (e.tenant = $3 OR $3::text IS NULL)
        ORDER BY e.position LIMIT $4
        """, [position, run, tenant, max(0, limit)]
      ).map(FleetEvent.init)
    }
  }

  public func lastEventPosition() async throws -> Int {
    try await pool.transaction { database in
      try database.execute("SELECT coalesce(max(position), 0) AS position FROM fleet.events").first?.value("position")
        ?? 0
    }
  }

  public func event(_ id: UUID) async throws -> FleetEvent? {
    try await pool.transaction { database in
      try database.execute("SELECT \(FleetEvent.columns) FROM fleet.events e WHERE e.id = $1", [id]).first
        .map(FleetEvent.init)
    }
  }

  public func claimEvents(limit: Int, lease: Duration) async throws -> [FleetEvent] {
    try await pool.transaction { database in
      try database.execute(
        """
        WITH next AS MATERIALIZED (
          SELECT position FROM fleet.events
          WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
          ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED),
        claimed AS (
          UPDATE fleet.events e SET claimed_until = now() + make_interval(secs => $2)
          FROM next WHERE e.position = next.position
          RETURNING \(FleetEvent.columns))
        SELECT * FROM claimed ORDER BY position
        """, [max(0, limit), lease]
      ).map(FleetEvent.init)
    }
  }

  public func markPublished(_ events: [FleetEvent]) async throws {
    guard !events.isEmpty else { return }
    try await pool.transaction { database in
      _ = try database.execute(
        """
        UPDATE fleet.events SET published_at = now()
        WHERE position IN (SELECT x::bigint FROM jsonb_array_elements_text($1::jsonb) AS x) AND published_at IS NULL
        """, [try SQLJSON(events.map(\.position))])
    }
  }
}

extension FleetEvent {
  /// An event's columns, where `e` is `fleet.events`.
  static let columns = "e.position, e.id, e.tenant, e.traceparent, e.data, extract(epoch FROM e.at) AS at"

  init(_ row: Row) throws {
    guard let data: RunFacts = try row.json("data") else {
      throw PostgresError(cause: .statement, message: "an event in the ledger has no data.")
    }
    self.init(
      position: try row.value("position"), id: try row.value("id"), at: try row.value("at"),
      tenant: try row.value("tenant"), trace: try row.optional("traceparent"), data: data)
  }
}

extension UUID: SQLValue { var sqlText: String { uuidString.lowercased() } }
