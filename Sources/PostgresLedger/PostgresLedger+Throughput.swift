public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func throughput(by step: ThroughputStep, steps: Int) async throws -> [ThroughputPoint] {
    try await pool.transaction { database in
      let clock = try database.execute("SELECT extract(epoch FROM now()) AS at")
      let now: Date = try clock.first?.value("at") ?? Date()
      let first = (step.number(of: now) - max(1, steps) + 1) * step.seconds
      func counts(_ query: String) throws -> [Int: Int] {
        Dictionary(
          try database.execute(query).map { (try $0.value("step"), try $0.value("count")) },
          uniquingKeysWith: { first, _ in first })
      }
      let tiles = try counts(
        """
        SELECT floor(extract(epoch FROM accepted_at) / \(step.seconds))::bigint AS step, count(*) AS count
        FROM fleet.tile_results WHERE accepted_at >= to_timestamp(\(first)) GROUP BY 1
        """)
      let runs = try counts(
        """
        SELECT floor(extract(epoch FROM finished_at) / \(step.seconds))::bigint AS step, count(*) AS count
        FROM fleet.runs WHERE state = 'completed' AND finished_at >= to_timestamp(\(first)) GROUP BY 1
        """)
      return step.points(until: now, steps: steps, tiles: tiles, runs: runs)
    }
  }
}
