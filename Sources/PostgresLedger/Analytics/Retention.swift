public import Foundation

/// Dropping the tiles of old runs by whole months, while the fleet writes: partitions are detached concurrently, which waits for nobody's
/// writing and lets nobody wait. Runs, their measurements, timings and digests are kept; what can't be done any more is `tessera verify`.
public struct Retention: Sendable {
  private let settings: ConnectionSettings

  /// A partition of old tiles, and what became of it.
  public struct Month: Hashable, Sendable, Codable {
    /// Such as `2026_03`; `earlier` for what lies before all months.
    public var month: String
    /// Passes planned in it.
    public var passes: Int
    /// Runs among theirs that aren't over: then nothing is dropped.
    public var unfinished: Int
    public var isDropped: Bool
  }

  /// - Parameter url: libpq's connection string, of the ledger's owner or an administrator. It is a secret.
  /// - Throws: `LedgerError.unavailable` when the string can't be read.
  public init(url: String) throws { settings = try ConnectionSettings(url: url) }

  private static let tables = ["tiles", "tile_results"]
  private static let rest = "earlier"

  /// Drops the tiles of passes that were planned in months which ended before `date`; finishes what an earlier call was interrupted in.
  /// - Parameter isTrial: Only tells what would be dropped.
  /// - Throws: `PostgresError`. What was dropped before stays so.
  public func drop(before date: Date, isTrial: Bool = false) throws -> [Month] {
    // Identifiers tell time from 1970 on: an earlier moment would be one behind all others.
    guard date.timeIntervalSince1970 > 0 else { return [] }
    let database = try PostgresConnection(settings)
    try database.execute(
      """
      SELECT set_config('role', r.rolname, false) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
      WHERE n.nspname = 'fleet' AND r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER')
      """)
    if !isTrial { try finishInterrupted(database) }
    let ranges = try database.execute(
      """
      SELECT substr(c.relname, 7) AS month, x.bounds[1] AS first_id, x.bounds[2] AS end_id
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
           LATERAL (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\((MINVALUE|''[^'']+'')\\) TO \\(''([^'']+)''\\)') AS bounds) x
      WHERE i.inhparent = 'fleet.tiles'::regclass AND x.bounds IS NOT NULL AND x.bounds[2]::uuid <= fleet.first_id(to_timestamp($1))
      ORDER BY x.bounds[2]::uuid
      """, [date.timeIntervalSince1970])
    var months: [Month] = []
    for row in ranges where try !isEmptyRest(row.value("month"), database) {
      let first: String = try row.value("first_id")
      let range = Range(
        month: try row.value("month"),
        first: first == "MINVALUE" ? "00000000-0000-0000-0000-000000000000" : first.replacing("'", with: ""),
        end: try row.value("end_id"))
      months.append(try drop(range, database, isTrial: isTrial))
    }
    if months.contains(where: \.isDropped) { try closeGap(database) }
    return months
  }

  private struct Range {
    var month: String
    var first: String
    var end: String
  }

  private func drop(_ range: Range, _ database: PostgresConnection, isTrial: Bool) throws -> Month {
    let counts = try database.execute(
      """
      SELECT count(*) AS passes, count(DISTINCT r.id) FILTER (WHERE r.finished_at IS NULL) AS unfinished
      FROM fleet.passes p JOIN fleet.runs r ON r.id = p.run WHERE p.id >= $1::text::uuid AND p.id < $2::text::uuid
      """, [range.first, range.end]
    ).first
    var month = Month(
      month: range.month, passes: try counts?.value("passes") ?? 0, unfinished: try counts?.value("unfinished") ?? 0,
      isDropped: false)
    guard !isTrial, month.unfinished == 0 else { return month }
    try database.transaction { database in
      try database.execute(
        """
        INSERT INTO fleet.dropped_tiles (month, first_id, end_id) VALUES ($1, $2::text::uuid, $3::text::uuid)
        ON CONFLICT (month) DO UPDATE SET first_id = least(dropped_tiles.first_id, excluded.first_id),
          end_id = greatest(dropped_tiles.end_id, excluded.end_id), dropped_at = now()
        """, [range.month, range.first, range.end])
      for table in ["outbox", "extra_results", "tile_votes"] {
        try database.execute(
          "DELETE FROM fleet.\(table) WHERE pass >= $1::text::uuid AND pass < $2::text::uuid", [range.first, range.end])
      }
    }
    for table in Self.tables {
      let name = "fleet.\(table)_\(range.month)"
      guard try isThere(name, database) else { continue }
      try database.execute("ALTER TABLE fleet.\(table) DETACH PARTITION \(name) CONCURRENTLY")
      try database.execute("DROP TABLE \(name)")
    }
    month.isDropped = true
    return month
  }

  /// What lies before all months has its partitions always; while there is nothing in them there is nothing to drop.
  private func isEmptyRest(_ month: String, _ database: PostgresConnection) throws -> Bool {
    guard month == Self.rest else { return false }
    for table in Self.tables where try isThere("fleet.\(table)_\(month)", database) {
      let isUsed = try database.execute("SELECT EXISTS (SELECT FROM fleet.\(table)_\(month)) AS is_used")
      if try isUsed.first?.value("is_used") ?? false { return false }
    }
    return true
  }

  private func isThere(_ name: String, _ database: PostgresConnection) throws -> Bool {
    try database.execute("SELECT to_regclass($1) IS NOT NULL AS is_there", [name]).first?.value("is_there") ?? false
  }

  /// Partitions that were being detached, or were detached and not dropped yet, when somebody was interrupted.
  private func finishInterrupted(_ database: PostgresConnection) throws {
    for table in Self.tables {
      let pending = try database.execute(
        """
        SELECT i.inhrelid::regclass::text AS name FROM pg_inherits i
        WHERE i.inhparent = $1::text::regclass AND i.inhdetachpending
        """, ["fleet.\(table)"])
      for row in pending {
        try database.execute(
          "ALTER TABLE fleet.\(table) DETACH PARTITION \(row.value("name", as: String.self)) FINALIZE")
      }
      let left = try database.execute(
        """
        SELECT c.oid::regclass::text AS name FROM pg_class c
        WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
          AND EXISTS (SELECT FROM fleet.dropped_tiles d WHERE c.relname = $1 || '_' || d.month)
        """, [table])
      for row in left { try database.execute("DROP TABLE \(row.value("name", as: String.self))") }
    }
  }

  /// What lies before the first month has a partition again.
  private func closeGap(_ database: PostgresConnection) throws {
    for table in Self.tables where try !isThere("fleet.\(table)_\(Self.rest)", database) {
      let first: String? = try database.execute(
        """
        SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''([^'']+)''\\)'))[1] AS first_id
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::text::regclass ORDER BY 1 LIMIT 1
        """, ["fleet.\(table)"]
      ).first?.optional("first_id")
      guard let first else { continue }
      try database.execute(
        "CREATE TABLE fleet.\(table)_\(Self.rest) (LIKE fleet.\(table) INCLUDING ALL) WITH (fillfactor = 70)")
      try database.execute(
        "ALTER TABLE fleet.\(table) ATTACH PARTITION fleet.\(table)_\(Self.rest) FOR VALUES FROM (MINVALUE) TO ('\(first)')"
      )
    }
  }
}
