internal import Digests
public import FleetContracts

/// Results are written many at a time: a transaction of one costs as much as one of hundreds.
///
/// Locks are taken in this order: passes, runs, tiles. Runs are shared with the dispatcher, which goes on queueing their tiles, except for
/// those that may change their state here.
extension PostgresLedger {
  public func record(_ results: [TileResult]) async throws -> [TileReceipt] {
    guard !results.isEmpty else { return [] }
    let (receipts, charges) = try await pool.transaction { database in
      var receipts = Array(repeating: TileReceipt.stale, count: results.count)
      var passes = try database.lockPasses(of: results)
      let current = results.indices.filter { passes[results[$0].pass]?.takes(results[$0]) == true }

      let computed = current.filter { results[$0].isComputed }
      let contested = passes.values.reduce(into: Set<ContestedResult>()) { $0.formUnion($1.contested) }
      let plain = computed.filter { !contested.contains(ContestedResult(results[$0])) }
      for (index, receipt) in zip(plain, try database.accept(plain.map { results[$0] }, of: &passes)) {
        receipts[index] = receipt
      }
      for index in computed where contested.contains(ContestedResult(results[index])) {
        guard passes[results[index].pass]?.isOver == false else { continue }
        receipts[index] = try database.arbitrate(results[index], of: &passes)
        if receipts[index] == .dead { passes[results[index].pass]?.isOver = true }
      }
      for index in current {
        guard case .failed(let kind, let reason) = results[index].outcome, passes[results[index].pass]?.isOver == false
        else { continue }
        receipts[index] =
          results[index].declined == true
          ? try database.decline(results[index], of: &passes) : try database.note(results[index], kind, reason)
        if receipts[index] == .dead { passes[results[index].pass]?.isOver = true }
      }
      try database.note(extra: results, receipts)
      return (receipts, try database.charges(results, receipts))
    }
    for charge in charges { charge.count() }
    return receipts
  }
}

/// A pass whose row is locked.
struct LockedPass {
  var run: RunID
  var epoch: Int
  var tiles: Int
  var accepted: Int
  /// Whether the run has ended.
  var isOver = false
  /// Results that aren't simply taken when they are the first.
  var contested: Set<ContestedResult> = []

  func takes(_ result: TileResult) -> Bool {
    run == result.run && epoch == result.epoch && !isOver && (0..<tiles).contains(result.tile)
  }
}

/// A result as the statement takes it apart.
private struct ResultRow: Encodable {
  var pass: PassID
  var tile: Int
  var probabilities: Digest
  var bytes: Int
  var attempt: Int
  var worker: String
  var engine: String
  var fetched: Double
  var inferred: Double
  var stored: Double
  var processors: Double?

  init?(_ result: TileResult) {
    guard case .computed(let probabilities, let bytes) = result.outcome else { return nil }
    pass = result.pass
    tile = result.tile
    self.probabilities = probabilities
    self.bytes = bytes
    attempt = result.attempt
    // PostgreSQL's JSON has no NUL either.
    worker = result.worker.sqlText
    engine = result.engine.sqlText
    fetched = result.timings.fetch
    inferred = result.timings.infer
    stored = result.timings.put
    processors = result.timings.cpu.map { max(0, $0) }
  }
}

private struct TilePlace: Hashable {
  var pass: PassID
  var tile: Int
}

extension PostgresConnection {
  /// Locks the passes that the results name, and their runs: those that may change their state for this transaction alone.
  fileprivate func lockPasses(of results: [TileResult]) throws -> [PassID: LockedPass] {
    let rows = try execute(
      """
      SELECT p.id, p.run, p.epoch, p.tiles, p.accepted FROM fleet.passes p
      WHERE p.id IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x) ORDER BY p.id FOR UPDATE
      """, [try SQLJSON(Set(results.map(\.pass)).map(\.description))])
    var passes: [PassID: LockedPass] = [:]
    for row in rows {
      passes[try row.value("id")] = LockedPass(
        run: try row.value("run"), epoch: try row.value("epoch"), tiles: try row.value("tiles"),
        accepted: try row.value("accepted"))
    }
    for result in try contested(results) { passes[result.pass]?.contested.insert(result) }
    var changing: Set<RunID> = []
    for (id, pass) in passes {
      let own = results.filter { $0.pass == id }
      if !pass.contested.isEmpty || own.contains(where: { !$0.isComputed }) || pass.accepted + own.count >= pass.tiles {
        changing.insert(pass.run)
      }
    }
    let states = try lock(Set(passes.values.map(\.run)), alone: changing)
    return passes.mapValues { pass in
      var pass = pass
      pass.isOver = states[pass.run]?.isFinal ?? true
      return pass
    }
  }

  private func lock(_ runs: Set<RunID>, alone: Set<RunID>) throws -> [RunID: RunState] {
    var states: [RunID: RunState] = [:]
    for (some, mode) in [(alone, "UPDATE"), (runs.subtracting(alone), "SHARE")] where !some.isEmpty {
      let rows = try execute(
        """
        SELECT id, state FROM fleet.runs
        WHERE id IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x) ORDER BY id FOR \(mode)
        """, [try SQLJSON(some.map(\.description))])
      for row in rows { states[try row.value("id")] = try row.value("state") }
    }
    return states
  }

  /// Takes computed results whose passes are locked: the first of each tile; the others are compared with it.
  func accept(_ results: [TileResult], of passes: inout [PassID: LockedPass]) throws -> [TileReceipt] {
    guard !results.isEmpty else { return [] }
    var firsts: [TilePlace: Int] = [:]
    for (index, result) in results.enumerated() {
      let place = TilePlace(pass: result.pass, tile: result.tile)
      if firsts[place] == nil { firsts[place] = index }
    }
    let taken = try insert(firsts.values.sorted().compactMap { ResultRow(results[$0]) })
    let isAccepted = results.enumerated().map { index, result in
      let place = TilePlace(pass: result.pass, tile: result.tile)
      return firsts[place] == index && taken.contains(place)
    }
    let last = try count(results.indices.filter { isAccepted[$0] }.map { results[$0] }, of: &passes)
    var receipts = isAccepted.map { _ in TileReceipt.accepted(completesPass: false) }
    for pass in last {
      guard let index = results.indices.last(where: { results[$0].pass == pass && isAccepted[$0] }) else { continue }
      receipts[index] = .accepted(completesPass: true)
    }
    for index in results.indices where !isAccepted[index] { receipts[index] = try compare(results[index]) }
    return receipts
  }

  /// Returns the places that had no result before.
  private func insert(_ rows: [ResultRow]) throws -> Set<TilePlace> {
    let taken = try execute(
      """
      WITH taken AS (
        INSERT INTO fleet.tile_results
          (pass, tile, probabilities, bytes, attempt, worker, engine, fetch_seconds, infer_seconds, put_seconds, cpu_seconds)
        SELECT x.pass, x.tile, x.probabilities, x.bytes, x.attempt, x.worker, x.engine, x.fetched, x.inferred, x.stored, x.processors
        FROM jsonb_to_recordset($1::jsonb) AS x (
          pass uuid, tile integer, probabilities text, bytes bigint, attempt integer, worker text, engine text,
          fetched double precision, inferred double precision, stored double precision, processors double precision)
        ORDER BY x.pass, x.tile
        ON CONFLICT DO NOTHING RETURNING pass, tile),
      done AS (
        UPDATE fleet.tiles t SET state = 'done' FROM taken WHERE t.pass = taken.pass AND t.tile = taken.tile),
      swept AS (
        DELETE FROM fleet.outbox o USING taken WHERE o.pass = taken.pass AND o.tile = taken.tile)
      SELECT pass, tile FROM taken
      """, [try SQLJSON(rows)])
    return Set(try taken.map { TilePlace(pass: try $0.value("pass"), tile: try $0.value("tile")) })
  }

  /// Counts new results; a pass that has them all makes its run `stitching`.
  /// - Returns: such passes.
  private func count(_ taken: [TileResult], of passes: inout [PassID: LockedPass]) throws -> [PassID] {
    var full: [PassID] = []
    for (id, results) in Dictionary(grouping: taken, by: \.pass) {
      try execute(
        """
        UPDATE fleet.passes
        SET accepted = accepted + $2, infer_seconds = infer_seconds + $3, cpu_seconds = cpu_seconds + $4 WHERE id = $1
        """,
        [
          id, results.count, results.reduce(0) { $0 + $1.timings.infer },
          results.reduce(0) { $0 + max(0, $1.timings.cpu ?? 0) },
        ])
      passes[id]?.accepted += results.count
      guard let pass = passes[id], pass.accepted == pass.tiles else { continue }
      let moved = try execute(
        "UPDATE fleet.runs SET state = 'stitching' WHERE id = $1 AND state = 'predicting'", [pass.run])
      if moved.affected == 1 { full.append(id) }
    }
    return full
  }

  /// A tile has a result: is this one the same?
  func compare(_ result: TileResult) throws -> TileReceipt {
    guard case .computed(let probabilities, _) = result.outcome else { return .stale }
    let rows = try execute(
      "SELECT probabilities FROM fleet.tile_results WHERE pass = $1 AND tile = $2", [result.pass, result.tile])
    guard let accepted: Digest = try rows.first?.value("probabilities"), accepted != probabilities else {
      return .duplicate
    }
    try execute(
      """
      INSERT INTO fleet.digest_conflicts (pass, tile, probabilities, worker, engine) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT DO NOTHING
      """, [result.pass, result.tile, probabilities, result.worker, result.engine])
    return .conflict(accepted: accepted)
  }
}
