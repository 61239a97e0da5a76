internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func trimmableRuns(overFor age: Duration) async throws -> [RunID] {
    try await pool.transaction { database in
      try database.execute(
        """
        SELECT r.id FROM fleet.runs r
        WHERE r.finished_at < now() - make_interval(secs => $1)
          AND NOT EXISTS (SELECT FROM fleet.trimmed_runs t WHERE t.run = r.id)
          AND NOT EXISTS (SELECT FROM fleet.dead_letters d WHERE d.run = r.id AND d.state = 'open')
        ORDER BY r.finished_at, r.id
        """, [age]
      ).map { try $0.value("id") }
    }
  }

  public func trim(_ runs: [RunID], by operator: String) async throws -> [RunID] {
    var trimmed: [RunID] = []
    // A few at a time: whoever wants to replay one of them waits for the lock.
    for start in stride(from: 0, to: runs.count, by: Self.trimmedAtOnce) {
      let some = try SQLJSON(runs[start..<min(start + Self.trimmedAtOnce, runs.count)].map(\.description))
      trimmed += try await pool.transaction { database in
        try database.execute(
          """
          SELECT FROM fleet.runs WHERE id IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x) ORDER BY id FOR UPDATE
          """, [some])
        return try database.execute(
          """
          INSERT INTO fleet.trimmed_runs (run, by)
          SELECT r.id, $2 FROM fleet.runs r
          WHERE r.id IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x) AND r.finished_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM fleet.dead_letters d WHERE d.run = r.id AND d.state = 'open')
          ON CONFLICT DO NOTHING RETURNING run
          """, [some, `operator`]
        ).map { try $0.value("run") }
      }
    }
    return trimmed
  }

  private static let trimmedAtOnce = 64

  public func neededBlobs(imaginingTrimmed imagined: Set<RunID>) async throws -> NeededBlobs {
    try await pool.transaction { database in
      // One snapshot for all of it.
      try database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
      let trimmed = try SQLJSON(imagined.map(\.description))
      // Rules stand in the options among other things; whatever looks like a digest there is taken for one.
      let always = try database.digests(
        """
        SELECT image AS digest FROM fleet.run_inputs UNION SELECT previous_image FROM fleet.pass_requests
        UNION SELECT (regexp_matches(options::text, '[0-9a-f]{64}', 'g'))[1] FROM fleet.runs
        UNION SELECT label_map FROM fleet.runs UNION SELECT probabilities FROM fleet.runs UNION SELECT properties FROM fleet.runs
        UNION SELECT label_map FROM fleet.passes UNION SELECT document FROM fleet.passes
        UNION SELECT document FROM fleet.dead_letters
        """)
      let whole = """
        WITH whole AS MATERIALIZED (
          SELECT p.id, p.document, p.probabilities FROM fleet.passes p
          WHERE NOT EXISTS (SELECT FROM fleet.trimmed_runs t WHERE t.run = p.run)
            AND p.run NOT IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x))
        """
      let documents = try database.digests("\(whole) SELECT DISTINCT document AS digest FROM whole", [trimmed])
      let tiles = try database.digests(
        """
        \(whole) SELECT x.probabilities AS digest FROM whole JOIN fleet.tile_results x ON x.pass = whole.id
        UNION SELECT v.probabilities FROM whole JOIN fleet.tile_votes v ON v.pass = whole.id
        UNION SELECT probabilities FROM whole
        """, [trimmed])
      let manifests = try database.digests("SELECT digest FROM fleet.models")
      let age: Double? = try database.execute(
        """
        SELECT extract(epoch FROM now() - min(submitted_at)) AS age FROM fleet.runs
        WHERE state NOT IN ('completed', 'failed', 'cancelled')
        """
      ).first?.optional("age")
      let folders = try database.digests(
        """
        WITH kept AS MATERIALIZED (
          SELECT id, data FROM fleet.trainings
          WHERE state IN ('running', 'failed') OR (state = 'cancelled' AND finished_at > now() - make_interval(secs => $1)))
        SELECT data AS digest FROM kept
        UNION SELECT j.checkpoint FROM fleet.training_jobs j JOIN kept ON kept.id = j.training WHERE j.state <> 'done'
        UNION SELECT result FROM fleet.training_jobs WHERE kind = 'fold'
        """, [TrainingBoard.retryTime])
      let choices = try database.digests("SELECT result AS digest FROM fleet.training_jobs WHERE kind = 'selection'")
      // What a trainer put before its last report has been reported too.
      let silence: Double? = try database.execute(
        """
        SELECT max(extract(epoch FROM now() - lease_until) + lease_seconds) AS silence
        FROM fleet.training_jobs WHERE state = 'running'
        """
      ).first?.optional("silence")
      return NeededBlobs(
        blobs: always.union(documents).union(tiles).union(manifests).union(folders).union(choices),
        documents: documents, manifests: manifests, folders: folders,
        oldestOpenRun: [age, silence].compactMap { $0 }.max().map { .seconds(max(0, $0)) })
    }
  }
}

extension PostgresConnection {
  fileprivate func digests(_ sql: String, _ values: [(any SQLValue)?] = []) throws -> Set<Digest> {
    Set(try execute(sql, values).compactMap { try $0.optional("digest") })
  }
}
