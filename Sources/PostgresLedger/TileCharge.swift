internal import FleetContracts
internal import FleetMetrics

/// What an accepted tile has cost, for metrics.
struct TileCharge {
  var runClass: RunClass
  var tenant: Tenant
  var model: String
  /// Seconds from its job's publication to a worker's taking it; `nil` where it isn't known, as the tile was in the backlog again.
  var waited: Double?
  /// Seconds of processors.
  var processors: Double?

  /// Tenants are named by callers, models by operators: so many of each have metrics of their own.
  private static let tenants = BoundedLabel(limit: 100)
  private static let models = BoundedLabel(limit: 100)

  func count() {
    if let waited { FleetMetrics.tileWaitSeconds.observe(waited, runClass.rawValue) }
    if let processors {
      FleetMetrics.cpuSeconds.increment(by: processors, Self.tenants[tenant.name], Self.models[model])
    }
  }
}

extension PostgresConnection {
  /// What those of the results have cost that are accepted, by this transaction.
  func charges(_ results: [TileResult], _ receipts: [TileReceipt]) throws -> [TileCharge] {
    let accepted = zip(results, receipts).filter { _, receipt in
      if case .accepted = receipt { true } else { false }
    }.map(\.0)
    guard !accepted.isEmpty else { return [] }
    struct Place: Encodable {
      /// In `accepted`.
      var number: Int
      var pass: PassID
      var tile: Int
      var attempt: Int
      var spent: Double
    }
    let places = accepted.enumerated().map { number, result in
      Place(
        number: number, pass: result.pass, tile: result.tile, attempt: result.attempt, spent: result.timings.total)
    }
    // Whoever took the tile has told how long it had it; the rest of the time it lay at the broker.
    return try execute(
      """
      SELECT r.class, r.tenant, r.model_name, x.number,
             CASE WHEN t.attempts = x.attempt
                  THEN extract(epoch FROM clock_timestamp() - t.published_at) - x.spent END AS waited
      FROM jsonb_to_recordset($1::jsonb) AS x (
        number integer, pass uuid, tile integer, attempt integer, spent double precision)
      JOIN fleet.tiles t ON t.pass = x.pass AND t.tile = x.tile
      JOIN fleet.passes p ON p.id = x.pass JOIN fleet.runs r ON r.id = p.run
      """, [try SQLJSON(places)]
    ).map { row in
      let number: Int = try row.value("number")
      let waited: Double? = try row.optional("waited")
      return TileCharge(
        runClass: try row.value("class"), tenant: try row.value("tenant"), model: try row.value("model_name"),
        waited: waited.map { max(0, $0) }, processors: accepted[number].timings.cpu)
    }
  }
}
