internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func claimStitch(owner: String, lease: Duration) async throws -> StitchClaim? {
    try await pool.transaction(when: PostgresConnection.anyRun(in: .stitching)) { database -> StitchClaim? in
      let rows = try database.execute(
        """
        WITH next AS MATERIALIZED (
          SELECT id FROM fleet.runs
          WHERE state = 'stitching' AND (lease_until IS NULL OR lease_until < now())
          ORDER BY array_position(ARRAY['stat', 'routine', 'batch'], class), submitted_at, id
          LIMIT 1 FOR UPDATE SKIP LOCKED)
        UPDATE fleet.runs r SET epoch = r.epoch + 1, owner = $1, lease_until = now() + make_interval(secs => $2)
        FROM next WHERE r.id = next.id
        RETURNING r.id, r.epoch, (SELECT p.id FROM fleet.passes p WHERE p.run = r.id ORDER BY p.position DESC LIMIT 1) AS pass
        """, [owner, lease])
      guard let row = rows.first, let run = try database.runRecord(try row.value("id")) else { return nil }
      return try database.stitchClaim(
        RunClaim(run: run, epoch: try row.value("epoch")), pass: try row.value("pass"))
    } ?? nil
  }

  public func completePass(_ claim: RunClaim, _ outcome: PassOutcome) async throws {
    let id = claim.run.id
    let position = claim.run.position
    try await pool.transaction { database in
      let run = try database.lock(id)
      let record = try database.runRecord(id)
      if let run, run.epoch == claim.epoch, record?.passes[position].outcome == outcome {
        return  // done before, by a commit that nobody heard of
      }
      guard let run, run.allows(.completePass, by: claim), run.lifecycle.passesDone == position else {
        throw LedgerError.fenced(id)
      }
      try database.execute(
        """
        UPDATE fleet.passes
        SET label_map = $3, label_voxels = $4, probabilities = $5, engines = $6::jsonb,
            finished_at = clock_timestamp()
        WHERE run = $1 AND position = $2
        """,
        [
          id, position, outcome.labelMap, outcome.labelVoxels, outcome.probabilities, try SQLJSON(outcome.engines),
        ])
      try database.setTimings(outcome.timings, of: id, pass: position)
      try database.execute(
        "UPDATE fleet.runs SET state = 'continuing', owner = NULL, lease_until = NULL WHERE id = $1", [id])
    }
  }

  public func complete(_ claim: RunClaim, _ outcome: RunOutcome) async throws {
    let id = claim.run.id
    try await pool.transaction { database in
      let run = try database.lock(id)
      if let run, run.state == .completed, run.epoch == claim.epoch,
        try database.runRecord(id)?.outcome == outcome.withoutDetails
      {
        return  // done before, by a commit that nobody heard of
      }
      guard let run, run.allows(.complete, by: claim) else { throw LedgerError.fenced(id) }
      try database.execute(
        """
        UPDATE fleet.runs
        SET state = 'completed', finished_at = clock_timestamp(), owner = NULL, lease_until = NULL,
            label_map = $2, label_voxels = $3, probabilities = $4, properties = $5, engine = $6, software_version = $7, merkle_root = $8
        WHERE id = $1
        """,
        [
          id, outcome.labelMap, outcome.labelVoxels, outcome.probabilities, outcome.properties, outcome.engine,
          outcome.softwareVersion, try database.root(of: id, endingWith: outcome),
        ])
      try database.execute(
        """
        INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml)
        SELECT $1, label, name, voxels, volume
        FROM jsonb_to_recordset($2::jsonb) AS x (label integer, name text, voxels bigint, volume double precision)
        """, [id, try SQLJSON(outcome.labels)])
      try database.set(outcome.details, of: id)
      try database.setTimings(outcome.timings, of: id)
    }
  }
}

extension PostgresConnection {
  /// All that a stitcher needs.
  fileprivate func stitchClaim(_ claim: RunClaim, pass: PassID) throws -> StitchClaim {
    let document: Digest? = try execute("SELECT document FROM fleet.passes WHERE id = $1", [pass]).first?.value(
      "document")
    guard let document else {
      throw PostgresError(cause: .statement, message: "the run \(claim.run.id) is to be stitched, but has no pass.")
    }
    let results = try execute(
      "SELECT probabilities, engine, infer_seconds FROM fleet.tile_results WHERE pass = $1 ORDER BY tile", [pass])
    let timings = try execute(
      "SELECT step, seconds, pass FROM fleet.step_timings WHERE run = $1 AND pass = $2 ORDER BY position",
      [claim.run.id, claim.run.position])
    return StitchClaim(
      claim: claim, pass: pass, document: document, tiles: try results.map { try $0.value("probabilities") },
      timings: try timings.map {
        StepTiming(step: try $0.value("step"), seconds: try $0.value("seconds"), pass: try $0.value("pass"))
      },
      inferSeconds: try results.reduce(0) { $0 + (try $1.value("infer_seconds", as: Double.self)) },
      engines: Set(try results.map { try $0.value("engine", as: String.self) }).sorted())
  }
}
