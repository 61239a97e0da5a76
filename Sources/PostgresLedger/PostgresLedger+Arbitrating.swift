internal import Digests
internal import FleetContracts

/// A result that isn't simply taken when it is its tile's first, or dropped when it isn't.
struct ContestedResult: Hashable {
  var pass: PassID
  var tile: Int
  var worker: String
  var outcome: TileResult.Outcome

  init(_ result: TileResult) {
    pass = result.pass
    tile = result.tile
    worker = result.worker
    outcome = result.outcome
  }
}

extension PostgresConnection {
  /// Computed results of quarantined workers, of tiles in which workers must agree, and those that differ from what is accepted or comes
  /// before them.
  func contested(_ results: [TileResult]) throws -> [ContestedResult] {
    struct Entry: Encodable {
      var place: Int
      var pass: PassID
      var tile: Int
      var worker: String
      var engine: String
      var probabilities: Digest
    }
    let entries = results.enumerated().compactMap { place, result -> Entry? in
      guard case .computed(let probabilities, _) = result.outcome else { return nil }
      return Entry(
        place: place, pass: result.pass, tile: result.tile, worker: result.worker.sqlText,
        engine: result.engine.sqlText, probabilities: probabilities)
    }
    guard !entries.isEmpty else { return [] }
    let rows = try execute(
      """
      WITH x AS MATERIALIZED (
        SELECT *, lag(probabilities) OVER tile AS before, lag(engine) OVER tile AS engine_before
        FROM jsonb_to_recordset($1::jsonb) AS x (
          place integer, pass uuid, tile integer, worker text, engine text, probabilities text)
        WINDOW tile AS (PARTITION BY pass, tile ORDER BY place))
      SELECT x.place
      FROM x LEFT JOIN fleet.tiles t ON t.pass = x.pass AND t.tile = x.tile
      LEFT JOIN fleet.tile_results r ON r.pass = x.pass AND r.tile = x.tile
      WHERE EXISTS (SELECT FROM fleet.quarantines q WHERE q.worker = x.worker AND q.released_at IS NULL)
        OR (r.pass IS NULL AND (
          t.canary OR EXISTS (SELECT FROM fleet.tile_votes v WHERE v.pass = x.pass AND v.tile = x.tile)))
        OR (r.engine = x.engine AND r.probabilities <> x.probabilities)
        OR (x.engine_before = x.engine AND x.before <> x.probabilities)
      """, [try SQLJSON(entries)])
    return try rows.map { ContestedResult(results[try $0.value("place")]) }
  }

  /// Decides about a contested result; its pass and run are locked.
  func arbitrate(_ result: TileResult, of passes: inout [PassID: LockedPass]) throws -> TileReceipt {
    if try isQuarantined(result.worker) {
      try putBack(result, after: .zero)
      return .refused
    }
    let accepted = try execute(
      "SELECT probabilities, engine FROM fleet.tile_results WHERE pass = $1 AND tile = $2", [result.pass, result.tile])
    if let row = accepted.first {
      let digest: Digest = try row.value("probabilities")
      guard case .computed(let probabilities, _) = result.outcome, probabilities != digest else { return .duplicate }
      _ = try compare(result)
      // What is finished can't be taken back; it stays an alarm.
      guard try row.value("engine") == result.engine, try reopenForTiles(result.run, pass: result.pass) else {
        return .conflict(accepted: digest)
      }
      try voteAgain(result)
      passes[result.pass]?.accepted -= 1
    }
    return try vote(result, of: &passes)
  }

  /// An excluded worker got the job: another one will, or, when nobody else is there, it is decided by what there is.
  func decline(_ result: TileResult, of passes: inout [PassID: LockedPass]) throws -> TileReceipt {
    let state = try execute(
      "SELECT state FROM fleet.tiles WHERE pass = $1 AND tile = $2 FOR UPDATE", [result.pass, result.tile])
    guard let row = state.first, ["planned", "queued"].contains(try row.value("state", as: String.self)) else {
      return .stale
    }
    let votes = try votes(result)
    let isDisputed = Arbitration(votes: votes.map(\.vote)).isDisputed
    let patience = isDisputed ? Arbitration.patienceForDecision : Arbitration.patienceForSecond
    let waited = try execute(
      """
      SELECT min(at) < now() - make_interval(secs => $3) AS enough FROM fleet.tile_votes WHERE pass = $1 AND tile = $2
      """, [result.pass, result.tile, patience])
    guard let first = votes.first, try waited.first?.optional("enough") == true else {
      try putBack(result, after: .seconds(1))
      return isDisputed ? .disputed : .awaitsAgreement
    }
    guard isDisputed else { return try accept([first.result], of: &passes).first ?? .stale }
    try kill(result, .corrupt, Arbitration.failure(tile: result.tile, waited: patience))
    return .dead
  }

  private func vote(_ result: TileResult, of passes: inout [PassID: LockedPass]) throws -> TileReceipt {
    guard case .computed(let probabilities, _) = result.outcome else { return .stale }
    let added = try execute(
      """
      INSERT INTO fleet.tile_votes (pass, tile, worker, engine, probabilities, result)
      VALUES ($1, $2, $3, $4, $5, $6::jsonb) ON CONFLICT DO NOTHING
      """, [result.pass, result.tile, result.worker, result.engine, probabilities, try SQLJSON(result)])
    var votes = try votes(result)
    if added.affected == 0,
      let own = votes.first(where: { $0.vote.worker == result.worker }), own.vote.engine == result.engine,
      own.vote.probabilities != probabilities
    {
      try quarantine(
        [result.worker], Arbitration.quarantineReason(contradictingItselfIn: result.tile, run: result.run))
      try execute(
        "DELETE FROM fleet.tile_votes WHERE pass = $1 AND tile = $2 AND worker = $3",
        [result.pass, result.tile, result.worker])
      votes.removeAll { $0.vote.worker == result.worker }
    }
    let arbitration = Arbitration(votes: votes.map(\.vote))
    switch arbitration.verdict {
    case .undecided:
      try putBack(result, after: .zero)
      return arbitration.isDisputed || votes.isEmpty ? .disputed : .awaitsAgreement
    case .decided(let place, let wrong):
      try quarantine(
        wrong,
        Arbitration.quarantineReason(tile: result.tile, run: result.run, agreeing: votes.count - wrong.count))
      return try accept([votes[place].result], of: &passes).first ?? .stale
    case .hopeless:
      try kill(result, .corrupt, Arbitration.failure(tile: result.tile, votes: votes.count))
      return .dead
    }
  }

  private func votes(_ result: TileResult) throws -> [(vote: Arbitration.Vote, result: TileResult)] {
    let rows = try execute(
      """
      SELECT worker, engine, probabilities, result FROM fleet.tile_votes WHERE pass = $1 AND tile = $2 ORDER BY at, worker
      """, [result.pass, result.tile])
    return try rows.compactMap { row in
      guard let result: TileResult = try row.json("result") else { return nil }
      let vote = Arbitration.Vote(
        worker: try row.value("worker"), engine: try row.value("engine"), probabilities: try row.value("probabilities"))
      return (vote, result)
    }
  }

  /// Puts a tile back into the backlog, unless a newer attempt than the result's is under way.
  private func putBack(_ result: TileResult, after pause: Duration) throws {
    let moved = try execute(
      """
      UPDATE fleet.tiles SET state = 'planned', published_at = NULL, not_before = now() + make_interval(secs => $4)
      WHERE pass = $1 AND tile = $2 AND (state = 'planned' OR (state = 'queued' AND attempts <= $3))
      """, [result.pass, result.tile, result.attempt, pause])
    guard moved.affected == 1 else { return }
    try execute("DELETE FROM fleet.outbox WHERE pass = $1 AND tile = $2", [result.pass, result.tile])
  }

  /// Makes an accepted result one vote among others.
  private func voteAgain(_ result: TileResult) throws {
    try execute(
      """
      WITH taken AS (DELETE FROM fleet.tile_results WHERE pass = $1 AND tile = $2 RETURNING *)
      INSERT INTO fleet.tile_votes (pass, tile, worker, engine, probabilities, result)
      SELECT x.pass, x.tile, x.worker, x.engine, x.probabilities, jsonb_build_object(
        'version', 1, 'run', $3::text, 'pass', x.pass, 'epoch', $4::integer, 'tile', x.tile, 'attempt', x.attempt,
        'outcome', jsonb_build_object('computed', jsonb_build_object('probabilities', x.probabilities, 'bytes', x.bytes)),
        'worker', x.worker, 'engine', x.engine,
        'timings', jsonb_build_object('fetch', x.fetch_seconds, 'infer', x.infer_seconds, 'put', x.put_seconds))
      FROM taken x ON CONFLICT DO NOTHING
      """, [result.pass, result.tile, result.run, result.epoch])
    try execute("UPDATE fleet.passes SET accepted = accepted - 1 WHERE id = $1", [result.pass])
    try execute(
      "UPDATE fleet.tiles SET state = 'planned', published_at = NULL, not_before = now() WHERE pass = $1 AND tile = $2",
      [result.pass, result.tile])
  }

  /// Makes a run whose row is locked `predicting`, so that tiles of `pass` can be computed again; whoever stitches it is fenced.
  /// - Returns: `false` when the pass isn't in work any more.
  func reopenForTiles(_ run: RunID, pass: PassID) throws -> Bool {
    let current = try execute(
      """
      SELECT r.state FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id
      WHERE r.id = $1 AND p.id = $2 AND p.finished_at IS NULL AND r.state IN ('predicting', 'stitching')
      """, [run, pass])
    guard let row = current.first else { return false }
    if try row.value("state", as: RunState.self) == .stitching {
      try execute(
        """
        UPDATE fleet.runs SET state = 'predicting', epoch = epoch + 1, owner = NULL, lease_until = NULL WHERE id = $1
        """, [run])
    }
    return true
  }

  func isQuarantined(_ worker: String) throws -> Bool {
    try !execute("SELECT FROM fleet.quarantines WHERE worker = $1 AND released_at IS NULL", [worker]).isEmpty
  }

  func quarantine(_ workers: [String], _ reason: String) throws {
    for worker in workers {
      try execute(
        """
        INSERT INTO fleet.quarantines (worker, reason) VALUES ($1, $2)
        ON CONFLICT (worker) WHERE released_at IS NULL DO NOTHING
        """, [worker, reason])
    }
  }
}
