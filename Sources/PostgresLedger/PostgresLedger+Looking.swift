internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func run(_ id: RunID) async throws -> RunRecord? {
    try await pool.transaction { try $0.runRecord(id) }
  }

  public func runs(limit: Int) async throws -> [RunRecord] {
    try await pool.transaction { database in
      try database.execute(
        "\(PostgresConnection.runRecords) ORDER BY r.submitted_at DESC, r.id DESC LIMIT $1", [max(0, limit)]
      ).map(PostgresConnection.runRecord)
    }
  }
}

extension PostgresConnection {
  func runRecord(_ id: RunID) throws -> RunRecord? {
    try execute("\(Self.runRecords) WHERE r.id = $1", [id]).first.map(Self.runRecord)
  }

  fileprivate static let runRecords = """
    SELECT r.id, r.model_name, \(PostgresLedger.modelColumns), r.options, r.idempotency_key, r.state,
           extract(epoch FROM r.submitted_at) AS submitted_at, extract(epoch FROM r.started_at) AS started_at,
           extract(epoch FROM r.finished_at) AS finished_at, r.failure_kind, r.failure_reason, r.label_map, r.label_voxels,
           r.probabilities, r.properties, r.engine, r.software_version,
           (SELECT json_agg(i.image ORDER BY i.channel) FROM fleet.run_inputs i WHERE i.run = r.id) AS images,
           (SELECT json_agg(json_build_object('label', s.label, 'name', s.name, 'voxels', s.voxels, 'volume', s.volume_ml)
                            ORDER BY s.label)
            FROM fleet.label_statistics s WHERE s.run = r.id) AS measurements,
           (SELECT json_agg(json_build_object('step', s.step, 'seconds', s.seconds) ORDER BY s.position)
            FROM fleet.step_timings s WHERE s.run = r.id) AS timings,
           t.planned_tiles, t.accepted_tiles, t.dead_tiles
    FROM fleet.runs r
    JOIN fleet.models m ON m.digest = r.model
    CROSS JOIN LATERAL (
      SELECT count(*) AS planned_tiles, count(*) FILTER (WHERE t.state = 'done') AS accepted_tiles,
             count(*) FILTER (WHERE t.state = 'dead') AS dead_tiles
      FROM fleet.passes p JOIN fleet.tiles t ON t.pass = p.id WHERE p.run = r.id) t
    """

  fileprivate static func runRecord(_ row: Row) throws -> RunRecord {
    var record = RunRecord(
      id: try row.value("id"), model: try PostgresLedger.modelRecord(row), images: try row.json("images") ?? [],
      options: try row.json("options") ?? RunOptions(), key: try row.optional("idempotency_key"),
      state: try row.value("state"), submittedAt: try row.value("submitted_at"),
      startedAt: try row.optional("started_at"), finishedAt: try row.optional("finished_at"),
      plannedTiles: try row.value("planned_tiles"), acceptedTiles: try row.value("accepted_tiles"),
      deadTiles: try row.value("dead_tiles"))
    if let kind: FailureKind = try row.optional("failure_kind") {
      record.failure = RunFailure(kind: kind, reason: try row.value("failure_reason"))
    }
    if let labelMap: Digest = try row.optional("label_map") {
      record.outcome = RunOutcome(
        labelMap: labelMap, labelVoxels: try row.value("label_voxels"),
        probabilities: try row.optional("probabilities"), properties: try row.optional("properties"),
        labels: try row.json("measurements") ?? [], timings: try row.json("timings") ?? [],
        engine: try row.value("engine"), softwareVersion: try row.value("software_version"))
    }
    return record
  }
}
