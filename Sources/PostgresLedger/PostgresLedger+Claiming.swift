internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func renew(_ claim: RunClaim, lease: Duration) async throws {
    try await pool.transaction { database in
      let renewed = try database.execute(
        """
        UPDATE fleet.runs SET lease_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND epoch = $2 AND owner IS NOT NULL
        """, [claim.run.id, claim.epoch, lease])
      guard renewed.affected == 1 else { throw LedgerError.fenced(claim.run.id) }
    }
  }

  public func release(_ claim: RunClaim) async throws {
    try await pool.transaction { database in
      _ = try database.execute(
        """
        UPDATE fleet.runs r
        SET owner = NULL, lease_until = NULL, state = CASE
          WHEN r.state <> 'preparing' THEN r.state
          WHEN EXISTS (SELECT FROM fleet.passes p WHERE p.run = r.id) THEN 'continuing'
          ELSE 'submitted' END
        WHERE id = $1 AND epoch = $2 AND owner IS NOT NULL
        """, [claim.run.id, claim.epoch])
    }
  }

  public func fail(_ claim: RunClaim, _ failure: RunFailure) async throws {
    try await pool.transaction { database in
      let run = try database.lock(claim.run.id)
      if let run, run.state == .failed, run.epoch == claim.epoch,
        try database.runRecord(claim.run.id)?.failure == failure
      {
        return  // done before, by a commit that nobody heard of
      }
      guard let run, run.allows(.fail, by: claim) else { throw LedgerError.fenced(claim.run.id) }
      try database.fail(claim.run.id, failure)
    }
  }
}

extension PostgresConnection {
  /// Ends a run whose row is locked; none of its tiles will be published any more.
  func fail(_ run: RunID, _ failure: RunFailure) throws {
    try execute(
      """
      UPDATE fleet.runs
      SET state = 'failed', failure_kind = $2, failure_reason = $3, finished_at = clock_timestamp(),
          owner = NULL, lease_until = NULL
      WHERE id = $1
      """, [run, failure.kind.rawValue, failure.reason])
    try sweepOutbox(of: run)
  }

  /// Takes the messages of a run whose row is locked, and which is over, out of the outbox.
  func sweepOutbox(of run: RunID) throws {
    try execute("DELETE FROM fleet.outbox o USING fleet.passes p WHERE p.id = o.pass AND p.run = $1", [run])
  }

  /// Replaces a run's timings, or only those of one of its passes, which go behind the others.
  func setTimings(_ timings: [StepTiming], of run: RunID, pass: Int? = nil) throws {
    try execute("DELETE FROM fleet.step_timings WHERE run = $1 AND pass = coalesce($2::integer, pass)", [run, pass])
    try execute(
      """
      INSERT INTO fleet.step_timings (run, position, step, seconds, pass)
      SELECT $1, (SELECT coalesce(max(t.position), -1) FROM fleet.step_timings t WHERE t.run = $1) + x.position,
             x.step, x.seconds, x.pass
      FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (step text, seconds double precision, pass integer))
           WITH ORDINALITY AS x (step, seconds, pass, position)
      """, [run, try SQLJSON(timings)])
  }
}
