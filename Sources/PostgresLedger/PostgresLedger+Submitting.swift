internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  // MARK: Models

  public func register(_ model: ModelRecord) async throws {
    try await pool.transaction { database in
      let added = try database.execute(
        """
        INSERT INTO fleet.models (digest, name, configuration, trainer, channels) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (digest) DO NOTHING
        """, [model.digest, model.name, model.configuration, model.trainer, model.channels])
      if added.affected == 1 {
        try database.execute(
          """
          INSERT INTO fleet.model_labels (model, label, name)
          SELECT $1, label, name FROM jsonb_to_recordset($2::jsonb) AS x (label integer, name text)
          """, [model.digest, try SQLJSON(model.labels)])
      }
      try database.execute(
        """
        INSERT INTO fleet.model_names AS n (name, model) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET model = excluded.model, assigned_at = clock_timestamp()
        WHERE n.model <> excluded.model
        """, [model.name, model.digest])
    }
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

  private static let namedModels = """
    SELECT n.name AS model_name, \(modelColumns)
    FROM fleet.model_names n JOIN fleet.models m ON m.digest = n.model
    """

  /// A model's columns, where `m` is `fleet.models`.
  static let modelColumns = """
    m.digest AS model, m.configuration, m.trainer, m.channels,
    (SELECT coalesce(json_agg(json_build_object('label', l.label, 'name', l.name) ORDER BY l.label), '[]')
     FROM fleet.model_labels l WHERE l.model = m.digest) AS labels
    """

  static func modelRecord(_ row: Row) throws -> ModelRecord {
    ModelRecord(
      name: try row.value("model_name"), digest: try row.value("model"), configuration: try row.value("configuration"),
      trainer: try row.value("trainer"), channels: try row.value("channels"), labels: try row.json("labels") ?? [])
  }

  // MARK: Submitting

  public func submit(_ submission: Submission) async throws -> SubmissionReceipt {
    // Made here and not by the database: when the answer to the commit is lost, the second try finds its own run.
    let id = RunID()
    let content = try submission.contentDigest
    return try await pool.transaction { database in
      let added = try database.execute(
        """
        INSERT INTO fleet.runs (id, model, model_name, options, request_digest, idempotency_key)
        SELECT $1, m.digest,
               coalesce(
                 (SELECT n.name FROM fleet.model_names n WHERE n.model = m.digest ORDER BY n.assigned_at DESC LIMIT 1),
                 m.name),
               $3::jsonb, $4, $5
        FROM fleet.models m WHERE m.digest = $2
        ON CONFLICT DO NOTHING
        """, [id, submission.model, try SQLJSON(submission.options), content, submission.key])
      if added.affected == 1 {
        try database.execute(
          """
          INSERT INTO fleet.run_inputs (run, channel, image)
          SELECT $1, x.position - 1, x.image
          FROM jsonb_array_elements_text($2::jsonb) WITH ORDINALITY AS x (image, position)
          """, [id, try SQLJSON(submission.images)])
        return SubmissionReceipt(run: id, isNew: true)
      }
      let rows = try database.execute(
        "SELECT id, request_digest FROM fleet.runs WHERE id = $1 OR idempotency_key = $2", [id, submission.key])
      guard let row = rows.first else { throw LedgerError.unknownModel(submission.model.hexadecimal) }
      let run: RunID = try row.value("id")
      guard try row.value("request_digest") == content else {
        throw LedgerError.keyConflict(key: submission.key ?? "", run: run)
      }
      return SubmissionReceipt(run: run, isNew: run == id)
    }
  }
}
