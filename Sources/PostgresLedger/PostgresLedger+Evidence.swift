internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func evidence(of run: RunID) async throws -> RunEvidence? {
    try await pool.transaction { try $0.evidence(of: run) }
  }

  public func note(
    verificationOf run: RunID, tiles: Int, stitched: Bool, findings: [String], version: String
  ) async throws {
    try await pool.transaction { database in
      _ = try database.execute(
        """
        INSERT INTO fleet.verifications (run, tiles, stitched, findings, software_version)
        VALUES ($1, $2, $3, $4::jsonb, $5)
        """, [run, tiles, stitched ? "true" : "false", try SQLJSON(findings), version])
    }
  }
}

extension PostgresConnection {
  func evidence(of id: RunID) throws -> RunEvidence? {
    guard let run = try runRecord(id) else { return nil }
    let facts = try execute(
      """
      SELECT merkle_root, EXISTS (SELECT FROM fleet.trimmed_runs t WHERE t.run = r.id) AS is_trimmed
      FROM fleet.runs r WHERE id = $1
      """, [id]
    ).first
    let passes = try execute(
      """
      SELECT p.id, p.epoch, p.document, p.tiles, q.model
      FROM fleet.passes p JOIN fleet.pass_requests q ON q.run = p.run AND q.position = p.position
      WHERE p.run = $1 ORDER BY p.position
      """, [id])
    return RunEvidence(
      run: run,
      passes: try passes.map { row in
        let pass: PassID = try row.value("id")
        let tiles = try execute(
          "SELECT probabilities, engine FROM fleet.tile_results WHERE pass = $1 ORDER BY tile", [pass])
        return RunEvidence.Pass(
          id: pass, epoch: try row.value("epoch"), model: try row.value("model"), document: try row.value("document"),
          tiles: try tiles.map {
            RunEvidence.Tile(probabilities: try $0.value("probabilities"), engine: try $0.value("engine"))
          }, plannedTiles: try row.value("tiles"))
      }, recordedRoot: try facts?.optional("merkle_root"), isTrimmed: try facts?.value("is_trimmed") ?? false)
  }

  /// The root of a run that is about to end with `outcome`.
  func root(of run: RunID, endingWith outcome: RunOutcome) throws -> Digest? {
    var evidence = try evidence(of: run)
    evidence?.run.outcome = outcome
    return evidence?.root
  }
}
