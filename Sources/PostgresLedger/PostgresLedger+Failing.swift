internal import FleetContracts

extension PostgresConnection {
  /// Notes a failed attempt of a tile, whose run is locked.
  /// - Parameter isRejection: Whether it is an accepted result that turned out to be damaged: no sign of a run that can't end well.
  func note(
    _ result: TileResult, _ kind: FailureKind, _ reason: String, isRejection: Bool = false
  ) throws -> TileReceipt {
    let rows = try execute(
      "SELECT state, attempts FROM fleet.tiles WHERE pass = $1 AND tile = $2 FOR UPDATE", [result.pass, result.tile])
    guard let row = rows.first, try row.value("state") != "done" else { return .stale }
    let attempts: Int = try row.value("attempts")
    guard attempts > 0, (1...attempts).contains(result.attempt) else { return .stale }

    let noted = try execute(
      """
      INSERT INTO fleet.tile_failures (pass, tile, attempt, kind, reason, worker) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT DO NOTHING
      """, [result.pass, result.tile, result.attempt, kind.rawValue, reason, result.worker])
    guard noted.affected == 1 else { return .willRetry }
    switch try decide(result, kind, reason, isRejection: isRejection) {
    case .dead(let failure):
      try kill(result, kind, failure)
      return .dead
    case .again(let pause):
      // When a newer attempt is under way (this one had been given up for lost), that one decides.
      if try row.value("state") == "planned" || result.attempt == attempts {
        try execute(
          """
          UPDATE fleet.tiles
          SET state = 'planned', published_at = NULL, not_before = now() + make_interval(secs => $3)
          WHERE pass = $1 AND tile = $2
          """, [result.pass, result.tile, pause])
        try execute("DELETE FROM fleet.outbox WHERE pass = $1 AND tile = $2", [result.pass, result.tile])
      }
      return .willRetry
    }
  }

  private enum Verdict {
    case again(after: Duration)
    case dead(RunFailure)
  }

  /// What a failure that has just been noted means: for the tile by its budget, for the run by the breaker.
  private func decide(
    _ result: TileResult, _ kind: FailureKind, _ reason: String, isRejection: Bool
  ) throws -> Verdict {
    let counts = try execute(
      """
      SELECT count(*) AS total, count(*) FILTER (WHERE kind = $3) AS alike
      FROM fleet.tile_failures WHERE pass = $1 AND tile = $2 AND NOT forgiven
      """, [result.pass, result.tile, kind.rawValue])
    let alike: Int = try counts.first?.value("alike") ?? 1
    switch RetryPolicy.decide(kind, failures: alike) {
    case .dead:
      return .dead(
        RetryPolicy.runFailure(
          tile: result.tile, failedAttempts: try counts.first?.value("total") ?? alike, kind: kind, reason: reason))
    case .again(let pause):
      if !isRejection, RunBreaker.counts(kind), let failure = try breaker(result.pass).verdict { return .dead(failure) }
      return .again(after: pause)
    }
  }

  private func breaker(_ pass: PassID) throws -> RunBreaker {
    let counted = """
      FROM fleet.tile_failures f WHERE f.pass = $1 AND NOT f.forgiven AND f.kind <> $2 AND NOT EXISTS (
        SELECT FROM fleet.rejected_results x WHERE x.pass = f.pass AND x.tile = f.tile AND x.attempt = f.attempt)
      """
    let counts = try execute(
      """
      SELECT (SELECT count(*) FROM fleet.tile_results WHERE pass = $1) AS accepted, count(DISTINCT f.tile) AS failed
      \(counted)
      """, [pass, FailureKind.transient.rawValue])
    let failures = try execute(
      "SELECT f.kind, f.reason, count(*) AS attempts \(counted) GROUP BY f.kind, f.reason",
      [pass, FailureKind.transient.rawValue])
    return RunBreaker(
      acceptedTiles: try counts.first?.value("accepted") ?? 0, failedTiles: try counts.first?.value("failed") ?? 0,
      failures: try failures.map {
        RunBreaker.Failures(
          kind: try $0.value("kind"), reason: try $0.value("reason"), attempts: try $0.value("attempts"))
      })
  }

  /// Makes a tile dead, whose run is locked, with its dead letter; the run has failed.
  func kill(_ result: TileResult, _ kind: FailureKind, _ failure: RunFailure) throws {
    try execute(
      "UPDATE fleet.tiles SET state = 'dead', published_at = NULL WHERE pass = $1 AND tile = $2",
      [result.pass, result.tile])
    try execute(
      """
      INSERT INTO fleet.dead_letters (kind, run, pass, tile, attempt, epoch, document, failure_kind, worker, reason)
      SELECT 'tile', p.run, p.id, $2, $3, p.epoch, p.document, $4, $5, $6 FROM fleet.passes p WHERE p.id = $1
      """, [result.pass, result.tile, result.attempt, kind.rawValue, result.worker, failure.reason])
    try fail(result.run, failure)
  }
}
