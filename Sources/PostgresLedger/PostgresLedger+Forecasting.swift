internal import Digests
public import FleetContracts

extension PostgresLedger {
  public func speeds() async throws -> FleetSpeeds { try await pool.transaction { try $0.speeds() } }

  public func outstandingWork() async throws -> [OutstandingWork] {
    try await pool.transaction { database in
      // A pass that waits for the one before it isn't planned; a pass that is stitched has no tiles left.
      let rows = try database.execute(
        """
        SELECT r.class, q.model, coalesce(n.name, m.name) AS model_name, coalesce(p.tile_operations, 0) AS tile_operations,
               p.tiles - p.accepted AS tiles
        FROM fleet.runs r
        JOIN fleet.pass_requests q ON q.run = r.id
        JOIN fleet.models m ON m.digest = q.model
        LEFT JOIN LATERAL (
          SELECT n.name FROM fleet.model_names n WHERE n.model = q.model ORDER BY n.assigned_at DESC LIMIT 1) n ON true
        LEFT JOIN fleet.passes p ON p.run = q.run AND p.position = q.position
        WHERE r.state NOT IN ('completed', 'failed', 'cancelled')
        """)
      let passes = try rows.map { row in
        OutstandingWork.Pass(
          runClass: try row.value("class"), model: try row.value("model"), modelName: try row.value("model_name"),
          tiles: try row.optional("tiles"), tileOperations: try row.value("tile_operations"))
      }
      return OutstandingWork.tally(passes, try database.speeds())
    }
  }
}

extension PostgresConnection {
  func speeds() throws -> FleetSpeeds {
    var speeds = FleetSpeeds(models: [:], passOperations: [:])
    for row in try execute(
      "SELECT model, tiles, seconds_per_operation, deviation, slowest, pass_operations FROM fleet.model_speeds")
    {
      let model: Digest = try row.value("model")
      speeds.passOperations[model] = try row.value("pass_operations")
      guard let seconds: Double = try row.optional("seconds_per_operation") else { continue }
      speeds.models[model] = ModelSpeed(
        secondsPerOperation: seconds, deviation: try row.value("deviation"), slowest: try row.value("slowest"),
        tiles: try row.value("tiles"))
    }
    return speeds
  }
}
