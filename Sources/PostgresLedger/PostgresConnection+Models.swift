internal import Digests
internal import FleetContracts

extension PostgresConnection {
  func register(_ model: ModelRecord) throws {
    let added = try execute(
      """
      INSERT INTO fleet.models (digest, name, configuration, trainer, channels, previous)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (digest) DO UPDATE SET previous = excluded.previous
      WHERE excluded.previous IS NOT NULL AND models.previous IS DISTINCT FROM excluded.previous
      RETURNING xmax = 0 AS is_new
      """, [model.digest, model.name, model.configuration, model.trainer, model.channels, model.previous])
    if try added.first?.value("is_new") == true {
      try execute(
        """
        INSERT INTO fleet.model_labels (model, label, name)
        SELECT $1, label, name FROM jsonb_to_recordset($2::jsonb) AS x (label integer, name text)
        """, [model.digest, try SQLJSON(model.labels)])
    }
    try execute(
      """
      INSERT INTO fleet.model_names AS n (name, model) VALUES ($1, $2)
      ON CONFLICT (name) DO UPDATE SET model = excluded.model, assigned_at = clock_timestamp()
      WHERE n.model <> excluded.model
      """, [model.name, model.digest])
  }
}
