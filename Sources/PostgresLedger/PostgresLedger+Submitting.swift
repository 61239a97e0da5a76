internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  // MARK: Models

  public func register(_ model: ModelRecord) async throws {
    try await pool.transaction { database in try database.register(model) }
  }

  public func model(named name: String) async throws -> ModelRecord? {
    try await pool.transaction { database in
      try database.execute("\(Self.namedModels) WHERE n.name = $1", [name]).first.map(Self.modelRecord)
    }
  }

  public func models() async throws -> [ModelRecord] {
    try await pool.transaction { database in
      try database.execute("\(Self.namedModels) ORDER BY n.name COLLATE \"C\"").map(Self.modelRecord)
    }
  }

  public func forget(modelNamed name: String) async throws {
    try await pool.transaction { database in
      _ = try database.execute("DELETE FROM fleet.model_names WHERE name = $1", [name])
    }
  }

  private static let namedModels = """
    SELECT n.name AS model_name, \(modelColumns)
    FROM fleet.model_names n JOIN fleet.models m ON m.digest = n.model
    """

  /// A model's columns, where `m` is `fleet.models`.
  static let modelColumns = """
    m.digest AS model, m.configuration, m.trainer, m.channels, m.previous,
    (SELECT coalesce(json_agg(json_build_object('label', l.label, 'name', l.name) ORDER BY l.label), '[]')
     FROM fleet.model_labels l WHERE l.model = m.digest) AS labels
    """

  static func modelRecord(_ row: Row) throws -> ModelRecord {
    ModelRecord(
      name: try row.value("model_name"), digest: try row.value("model"), configuration: try row.value("configuration"),
      trainer: try row.value("trainer"), channels: try row.value("channels"), labels: try row.json("labels") ?? [],
      previous: try row.optional("previous"))
  }

  // MARK: Submitting

  public func submit(_ submission: Submission) async throws -> SubmissionReceipt {
    // Made here and not by the database: when the answer to the commit is lost, the second try finds its own run.
    let id = RunID()
    let content = try submission.contentDigest
    let last = try PassRequest.check(submission.passes)
    return try await pool.transaction { database in
      try database.requireModels(of: submission.passes)
      let added = try database.execute(
        """
        INSERT INTO fleet.runs (id, model, model_name, options, request_digest, idempotency_key, class, tenant, deadline, traceparent)
        SELECT $1, $2,
               (SELECT string_agg(
                  coalesce(
                    (SELECT n.name FROM fleet.model_names n WHERE n.model = m.digest ORDER BY n.assigned_at DESC LIMIT 1),
                    m.name),
                  ' + ' ORDER BY x.position)
                FROM jsonb_array_elements_text($6::jsonb) WITH ORDINALITY AS x (model, position)
                JOIN fleet.models m ON m.digest = x.model),
               $3::jsonb, $4, $5, $7, $8, to_timestamp($9), $10
        ON CONFLICT DO NOTHING
        """,
        [
          id, last.model, try SQLJSON(submission.options), content, submission.key,
          try SQLJSON(submission.passes.filter(\.isMember).map(\.model)), submission.runClass, submission.tenant,
          submission.deadline, submission.trace,
        ])
      if added.affected == 1 {
        try database.execute(
          """
          INSERT INTO fleet.run_inputs (run, channel, image)
          SELECT $1, x.position - 1, x.image
          FROM jsonb_array_elements_text($2::jsonb) WITH ORDINALITY AS x (image, position)
          """, [id, try SQLJSON(submission.images)])
        try database.insert(submission.passes, of: id)
        return SubmissionReceipt(run: id, isNew: true)
      }
      let rows = try database.execute(
        "SELECT id, request_digest FROM fleet.runs WHERE id = $1 OR (tenant = $2 AND idempotency_key = $3)",
        [id, submission.tenant, submission.key])
      guard let row = rows.first else { throw LedgerError.unknownModel(last.model.hexadecimal) }
      let run: RunID = try row.value("id")
      guard try row.value("request_digest") == content else {
        throw LedgerError.keyConflict(key: submission.key ?? "", run: run)
      }
      return SubmissionReceipt(run: run, isNew: run == id)
    }
  }
}

extension PostgresConnection {
  /// - Throws: `LedgerError.unknownModel` for the first pass whose model isn't registered.
  fileprivate func requireModels(of passes: [PassRequest]) throws {
    let missing = try execute(
      """
      SELECT x.model FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS x (model, position)
      WHERE NOT EXISTS (SELECT FROM fleet.models m WHERE m.digest = x.model) ORDER BY x.position LIMIT 1
      """, [try SQLJSON(passes.map(\.model))])
    if let row = missing.first { throw LedgerError.unknownModel(try row.value("model")) }
  }

  fileprivate func insert(_ passes: [PassRequest], of run: RunID) throws {
    struct Entry: Encodable {
      var model: Digest
      var folds: [String]
      var weight: Double
      var pass: Int?
      var image: Digest?
    }
    let entries = passes.map { pass in
      var entry = Entry(model: pass.model, folds: pass.folds, weight: pass.weight)
      switch pass.previous {
      case .pass(let position): entry.pass = position
      case .image(let digest): entry.image = digest
      case nil: break
      }
      return entry
    }
    try execute(
      """
      INSERT INTO fleet.pass_requests (run, position, model, folds, weight, previous_pass, previous_image)
      SELECT $1, x.position - 1, x.model, x.folds, x.weight, x.pass, x.image
      FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (
             model text, folds jsonb, weight double precision, pass integer, image text))
           WITH ORDINALITY AS x (model, folds, weight, pass, image, position)
      """, [run, try SQLJSON(entries)])
  }
}
