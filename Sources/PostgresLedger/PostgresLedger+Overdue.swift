internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func requeueOverdueTiles(_ rule: OverdueRule) async throws -> Int {
    try await pool.transaction(when: PostgresConnection.anyRun(in: .predicting)) { database in
      // Nothing is as young as the shortest limit in most looks: then nothing needs to be measured either.
      let candidates = try database.execute(
        """
        SELECT DISTINCT p.id, p.model, p.tile_operations
        FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
        WHERE r.state = 'predicting' AND t.state = 'queued' AND t.published_at < now() - make_interval(secs => $1)
        """, [rule.shortest])
      guard !candidates.isEmpty else { return 0 }
      let speeds = try database.speeds()
      struct Limit: Encodable {
        var pass: PassID
        var seconds: Double
      }
      let limits = try candidates.map { row in
        let model: Digest = try row.value("model")
        let limit = rule.limit(speeds.models[model], operations: try row.value("tile_operations"))
        return Limit(pass: try row.value("id"), seconds: limit.seconds)
      }
      return try database.execute(
        """
        WITH unbegun AS MATERIALIZED (
          SELECT t.pass, t.tile
          FROM fleet.runs r JOIN fleet.passes p ON p.run = r.id JOIN fleet.tiles t ON t.pass = p.id
          WHERE r.state = 'predicting' AND t.state = 'queued' AND t.published_at >= now() - make_interval(secs => $2)
          ORDER BY t.published_at DESC, t.pass, t.tile DESC LIMIT $3),
        overdue AS MATERIALIZED (
          SELECT t.pass, t.tile
          FROM jsonb_to_recordset($1::jsonb) AS x (pass uuid, seconds double precision)
          JOIN fleet.tiles t ON t.pass = x.pass JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
          WHERE r.state = 'predicting' AND t.state = 'queued' AND t.published_at < now() - make_interval(secs => x.seconds)
            AND NOT EXISTS (SELECT FROM unbegun u WHERE u.pass = t.pass AND u.tile = t.tile)
          FOR UPDATE OF t SKIP LOCKED)
        UPDATE fleet.tiles t SET state = 'planned', not_before = now(), published_at = NULL
        FROM overdue WHERE t.pass = overdue.pass AND t.tile = overdue.tile
        """, [try SQLJSON(limits), rule.longest, max(0, rule.waiting)]
      ).affected
    } ?? 0
  }
}
