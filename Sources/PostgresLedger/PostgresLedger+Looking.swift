internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func run(_ id: RunID) async throws -> RunRecord? {
    try await pool.transaction { try $0.runRecord(id) }
  }

  public func runs(limit: Int) async throws -> [RunRecord] {
    try await pool.transaction { database in
      try database.runRecords("ORDER BY r.submitted_at DESC, r.id DESC LIMIT $1", [max(0, limit)])
    }
  }
}

extension PostgresConnection {
  func runRecord(_ id: RunID) throws -> RunRecord? {
    try execute("\(Self.runRecords) WHERE r.id = $1", [id]).first.map(Self.runRecord)
  }

  /// The runs that `selection` (conditions, order and limit on the table `r`) leaves.
  func runRecords(_ selection: String, _ parameters: [(any SQLValue)?]) throws -> [RunRecord] {
    try execute("\(Self.runRecords) \(selection)", parameters).map(Self.runRecord)
  }

  fileprivate static let runRecords = """
    SELECT r.id, r.model_name, \(PostgresLedger.modelColumns), r.options, r.idempotency_key, r.state,
           r.class, r.tenant, extract(epoch FROM r.deadline) AS deadline, r.traceparent,
           extract(epoch FROM r.submitted_at) AS submitted_at, extract(epoch FROM r.started_at) AS started_at,
           extract(epoch FROM r.finished_at) AS finished_at, r.failure_kind, r.failure_reason, r.label_map, r.label_voxels,
           r.probabilities, r.properties, r.engine, r.software_version,
           (SELECT json_agg(i.image ORDER BY i.channel) FROM fleet.run_inputs i WHERE i.run = r.id) AS images,
           (SELECT json_agg(json_build_object('label', s.label, 'name', s.name, 'voxels', s.voxels, 'volume', s.volume_ml)
                            ORDER BY s.label)
            FROM fleet.label_statistics s WHERE s.run = r.id) AS measurements,
           (SELECT json_agg(json_build_object('step', s.step, 'seconds', s.seconds, 'pass', s.pass) ORDER BY s.position)
            FROM fleet.step_timings s WHERE s.run = r.id) AS timings,
           (SELECT json_agg(
              json_build_object(
                'model', q.model, 'folds', q.folds, 'weight', q.weight, 'previousPass', q.previous_pass,
                'previousImage', q.previous_image, 'labelMap', p.label_map, 'labelVoxels', p.label_voxels,
                'probabilities', p.probabilities, 'engines', p.engines)
              ORDER BY q.position)
            FROM fleet.pass_requests q LEFT JOIN fleet.passes p ON p.run = q.run AND p.position = q.position
            WHERE q.run = r.id) AS passes,
           t.planned_tiles, t.accepted_tiles, t.dead_tiles
    FROM fleet.runs r
    JOIN fleet.models m ON m.digest = r.model
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(p.tiles), 0) AS planned_tiles, coalesce(sum(p.accepted), 0) AS accepted_tiles,
             coalesce(sum((SELECT count(*) FROM fleet.tiles t WHERE t.pass = p.id AND t.state = 'dead')), 0) AS dead_tiles
      FROM fleet.passes p WHERE p.run = r.id) t
    """

  fileprivate static func runRecord(_ row: Row) throws -> RunRecord {
    let timings: [StepTiming] = try row.json("timings") ?? []
    let passes: [PassRow] = try row.json("passes") ?? []
    var record = RunRecord(
      id: try row.value("id"), model: try PostgresLedger.modelRecord(row),
      passes: passes.enumerated().map { position, pass in pass.record(timings: timings.filter { $0.pass == position })
      },
      images: try row.json("images") ?? [],
      options: try row.json("options") ?? RunOptions(), key: try row.optional("idempotency_key"),
      state: try row.value("state"), submittedAt: try row.value("submitted_at"),
      startedAt: try row.optional("started_at"), finishedAt: try row.optional("finished_at"),
      plannedTiles: try row.value("planned_tiles"), acceptedTiles: try row.value("accepted_tiles"),
      deadTiles: try row.value("dead_tiles"), runClass: try row.value("class"), tenant: try row.value("tenant"),
      deadline: try row.optional("deadline"), trace: try row.optional("traceparent"))
    if let kind: FailureKind = try row.optional("failure_kind") {
      record.failure = RunFailure(kind: kind, reason: try row.value("failure_reason"))
    }
    if let labelMap: Digest = try row.optional("label_map") {
      record.outcome = RunOutcome(
        labelMap: labelMap, labelVoxels: try row.value("label_voxels"),
        probabilities: try row.optional("probabilities"), properties: try row.optional("properties"),
        labels: try row.json("measurements") ?? [], timings: timings,
        engine: try row.value("engine"), softwareVersion: try row.value("software_version"))
    }
    return record
  }
}

/// A pass in the JSON of a run's row.
private struct PassRow: Decodable {
  var model: Digest
  var folds: [String]
  var weight: Double
  var previousPass: Int?
  var previousImage: Digest?
  var labelMap: Digest?
  var labelVoxels: Digest?
  var probabilities: Digest?
  var engines: [String]?

  func record(timings: [StepTiming]) -> PassRecord {
    let previous = previousPass.map(PreviousSegmentation.pass) ?? previousImage.map(PreviousSegmentation.image)
    var record = PassRecord(
      request: PassRequest(model: model, folds: folds, previous: previous, weight: weight))
    if let labelMap, let labelVoxels, let engines {
      record.outcome = PassOutcome(
        labelMap: labelMap, labelVoxels: labelVoxels, probabilities: probabilities, engines: engines, timings: timings)
    }
    return record
  }
}
