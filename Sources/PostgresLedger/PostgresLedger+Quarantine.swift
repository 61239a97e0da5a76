internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func quarantine(_ worker: String, reason: String) async throws -> Bool {
    try await pool.transaction { database in
      let wasQuarantined = try database.isQuarantined(worker)
      try database.quarantine([worker], reason)
      return !wasQuarantined
    }
  }

  public func release(_ worker: String, by operator: String) async throws -> Bool {
    try await pool.transaction { database in
      try database.execute(
        """
        UPDATE fleet.quarantines SET released_at = now(), released_by = $2 WHERE worker = $1 AND released_at IS NULL
        """, [worker, `operator`]
      ).affected == 1
    }
  }

  public func quarantines(onlyInForce: Bool, limit: Int) async throws -> [Quarantine] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT \(Self.quarantineColumns) FROM fleet.quarantines WHERE NOT $1::boolean OR released_at IS NULL
        ORDER BY id DESC LIMIT $2
        """, ["\(onlyInForce)", max(0, limit)]
      ).map(Self.quarantine)
    }
  }

  public func quarantinesToAnnounce() async throws -> [Quarantine] {
    try await pool.transaction { database in
      try database.execute(
        """
        UPDATE fleet.quarantines SET announced_at = now()
        WHERE released_at IS NULL AND (announced_at IS NULL OR announced_at < now() - make_interval(secs => $1))
        RETURNING \(Self.quarantineColumns)
        """, [Quarantine.announcementInterval]
      ).map(Self.quarantine)
    }
  }

  private static let quarantineColumns = """
    worker, reason, extract(epoch FROM at) AS at, extract(epoch FROM released_at) AS released_at, released_by
    """

  private static func quarantine(_ row: Row) throws -> Quarantine {
    Quarantine(
      worker: try row.value("worker"), reason: try row.value("reason"), at: try row.value("at"),
      releasedAt: try row.optional("released_at"), releasedBy: try row.optional("released_by"))
  }

  // MARK: Taking results back

  public func withdrawQuarantinedResults() async throws -> Int {
    let affected: [(run: RunID, pass: PassID)] = try await pool.transaction { database in
      // Nearly always nobody is quarantined.
      guard try !database.execute("SELECT FROM fleet.quarantines WHERE released_at IS NULL LIMIT 1").isEmpty else {
        return []
      }
      return try database.execute(
        """
        SELECT DISTINCT p.run, p.id
        FROM fleet.quarantines q, fleet.runs r JOIN fleet.passes p ON p.run = r.id
        WHERE q.released_at IS NULL AND r.state NOT IN ('completed', 'failed', 'cancelled')
          AND EXISTS (SELECT FROM fleet.tile_results x WHERE x.pass = p.id AND x.worker = q.worker)
        """
      ).map { (try $0.value("run"), try $0.value("id")) }
    }
    var count = 0
    for (run, pass) in affected {
      count += try await pool.transaction { try $0.withdrawQuarantinedResults(of: pass, run: run) }
    }
    return count
  }

  public func reject(_ tiles: [Int: TileDamage], of work: StitchClaim) async throws {
    try await pool.transaction { database in
      try database.execute("SELECT FROM fleet.passes WHERE id = $1 FOR UPDATE", [work.pass])
      let id = work.claim.run.id
      guard let run = try database.lock(id), run.lifecycle.isClaimed, run.epoch == work.claim.epoch,
        run.state == .stitching,
        try database.reopenForTiles(id, pass: work.pass)
      else { throw LedgerError.fenced(id) }
      try database.reject(tiles, of: work)
    }
  }
}

extension PostgresConnection {
  fileprivate func withdrawQuarantinedResults(of pass: PassID, run: RunID) throws -> Int {
    let locked = try execute(
      "SELECT finished_at IS NOT NULL AS is_finished FROM fleet.passes WHERE id = $1 FOR UPDATE", [pass])
    guard let row = locked.first, let state = try lock(run)?.state, !state.isFinal else { return 0 }
    guard try !row.value("is_finished") else {
      // Its later passes rest on this one. A run between two passes is looked at again when the next one is planned.
      if state == .stitching,
        let last = try execute(
          "SELECT id FROM fleet.passes WHERE run = $1 AND finished_at IS NULL", [run]
        ).first
      {
        _ = try reopenForTiles(run, pass: try last.value("id"))
      }
      if [.stitching, .predicting].contains(state) { try fail(run, Quarantine.failureOfFinishedPass) }
      return 0
    }
    guard try reopenForTiles(run, pass: pass) else { return 0 }
    try execute(
      """
      DELETE FROM fleet.tile_votes v USING fleet.quarantines q
      WHERE v.pass = $1 AND q.worker = v.worker AND q.released_at IS NULL
      """, [pass])
    let taken = try execute(
      """
      WITH taken AS (
        DELETE FROM fleet.tile_results x USING fleet.quarantines q
        WHERE x.pass = $1 AND q.worker = x.worker AND q.released_at IS NULL RETURNING x.pass, x.tile)
      UPDATE fleet.tiles t SET state = 'planned', published_at = NULL, not_before = now()
      FROM taken WHERE t.pass = taken.pass AND t.tile = taken.tile
      """, [pass])
    try execute("UPDATE fleet.passes SET accepted = accepted - $2 WHERE id = $1", [pass, taken.affected])
    return taken.affected
  }

  /// Takes back tiles of a run that is locked and `predicting` again.
  fileprivate func reject(_ tiles: [Int: TileDamage], of work: StitchClaim) throws {
    var rejected: [(tile: Int, attempt: Int, worker: String, engine: String, digest: Digest, damage: TileDamage)] = []
    for (tile, damage) in tiles.sorted(by: { $0.key < $1.key }) {
      let taken = try execute(
        "DELETE FROM fleet.tile_results WHERE pass = $1 AND tile = $2 RETURNING attempt, worker, engine, probabilities",
        [work.pass, tile])
      guard let row = taken.first else { continue }
      rejected.append(
        (
          tile, try row.value("attempt"), try row.value("worker"), try row.value("engine"),
          try row.value("probabilities"), damage
        ))
      try execute("DELETE FROM fleet.tile_votes WHERE pass = $1 AND tile = $2", [work.pass, tile])
      try execute(
        "UPDATE fleet.tiles SET state = 'planned', published_at = NULL, not_before = now() WHERE pass = $1 AND tile = $2",
        [work.pass, tile])
    }
    try execute("UPDATE fleet.passes SET accepted = accepted - $2 WHERE id = $1", [work.pass, rejected.count])

    let soundWorkers = Set(
      try execute("SELECT DISTINCT worker FROM fleet.tile_results WHERE pass = $1", [work.pass])
        .map { try $0.value("worker", as: String.self) })
    let storeVictims = Set(rejected.filter(\.damage.isOfStore).map(\.worker))
    for one in rejected {
      let isBlamed =
        !one.damage.isOfStore || (storeVictims.count == 1 && !soundWorkers.subtracting(storeVictims).isEmpty)
      try execute(
        """
        INSERT INTO fleet.rejected_results (pass, tile, attempt, worker, engine, probabilities, reason, blamed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8::boolean)
        ON CONFLICT (pass, tile, attempt) DO UPDATE SET at = now()
        """,
        [
          work.pass, one.tile, one.attempt, one.worker, one.engine, one.digest, one.damage.reason, "\(isBlamed)",
        ])
    }
    for worker in Set(rejected.map(\.worker)).sorted() {
      let count =
        try execute(
          """
          SELECT count(DISTINCT (pass, tile)) AS count FROM fleet.rejected_results x
          WHERE x.worker = $1 AND x.blamed
            AND x.at > coalesce((SELECT max(released_at) FROM fleet.quarantines q WHERE q.worker = $1), '-infinity')
          """, [worker]
        ).first?.value("count", as: Int.self) ?? 0
      let last = rejected.last { $0.worker == worker }?.damage.reason ?? ""
      if count >= Quarantine.mostRejections {
        try quarantine([worker], Quarantine.reason(rejections: count, last: last))
      }
    }
    for one in rejected where try !isQuarantined(one.worker) {
      let job = TileJob(
        run: work.claim.run.id, pass: work.pass, epoch: work.claim.epoch, tile: one.tile, attempt: one.attempt,
        document: work.document)
      let result = TileResult(
        job: job, outcome: .failed(kind: .corrupt, reason: one.damage.reason), worker: one.worker, engine: one.engine)
      guard try note(result, .corrupt, one.damage.reason, isRejection: true) != .dead else { return }
    }
  }
}
