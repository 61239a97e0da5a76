public import FleetContracts

extension PostgresLedger: LedgerAudit {
  public func audit(limit: Int) async throws -> LedgerAuditReport {
    try await pool.transaction { database in
      // One snapshot for all views: what other processes commit meanwhile can't look like a contradiction.
      try database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
      // Compiling a statement of so many parts takes several times what running it takes.
      try database.execute("SET LOCAL jit = off")
      let rows = try database.execute(
        """
        SELECT split_part(invariant, ' ', 1) AS invariant, substr(invariant, strpos(invariant, ' ') + 1) AS broken, run, detail
        FROM fleet.ledger_violations ORDER BY length(split_part(invariant, ' ', 1)), invariant, run, detail LIMIT $1
        """, [max(0, limit)])
      let counts = try database.execute(
        """
        SELECT (SELECT count(*) FROM fleet.runs) AS runs, (SELECT coalesce(sum(tiles), 0) FROM fleet.passes) AS tiles,
               (SELECT coalesce(sum(times), 0) FROM fleet.recomputed_tiles) AS recomputed
        """)
      return LedgerAuditReport(
        runs: try counts.first?.value("runs") ?? 0, tiles: try counts.first?.value("tiles") ?? 0,
        recomputedTiles: try counts.first?.value("recomputed") ?? 0,
        violations: try rows.map { row in
          let name: String = try row.value("invariant")
          guard let invariant = Invariant(name: name) else {
            throw PostgresError(
              cause: .statement, message: "the view ledger_violations names \(name), which is none of I1 to I12.")
          }
          return LedgerViolation(
            invariant: invariant, broken: try row.value("broken"), run: try row.optional("run"),
            detail: try row.value("detail"))
        })
    }
  }
}

extension PostgresConnection {
  /// Counts computed results that weren't needed any more: what a look at I10 rests on.
  func note(extra results: [TileResult], _ receipts: [TileReceipt]) throws {
    let rows = zip(results, receipts).compactMap(ExtraResult.init)
    guard !rows.isEmpty else { return }
    try execute(
      """
      INSERT INTO fleet.extra_results AS e (pass, tile, attempt, worker, infer_seconds, outcome, times)
      SELECT x.pass, x.tile, x.attempt, x.worker, x.seconds, min(x.outcome), count(*)
      FROM jsonb_to_recordset($1::jsonb) AS x (
        pass uuid, tile integer, attempt integer, worker text, seconds double precision, outcome text)
      JOIN fleet.tiles t ON t.pass = x.pass AND t.tile = x.tile
      GROUP BY x.pass, x.tile, x.attempt, x.worker, x.seconds
      ORDER BY x.pass, x.tile, x.attempt, x.worker, x.seconds
      ON CONFLICT (pass, tile, attempt, worker, infer_seconds) DO UPDATE SET times = e.times + excluded.times
      """, [try SQLJSON(rows)])
  }
}

private struct ExtraResult: Encodable {
  var pass: PassID
  var tile: Int
  var attempt: Int
  var worker: String
  var seconds: Double
  var outcome: String

  /// `nil` for a result that was accepted, or that nothing was computed for.
  init?(_ result: TileResult, _ receipt: TileReceipt) {
    guard result.isComputed else { return nil }
    switch receipt {
    case .duplicate: outcome = "duplicate"
    case .conflict: outcome = "conflict"
    case .stale: outcome = "stale"
    default: return nil
    }
    pass = result.pass
    tile = result.tile
    attempt = result.attempt
    worker = result.worker.sqlText
    seconds = result.timings.infer
  }
}
