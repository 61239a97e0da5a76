internal import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func queueLook() async throws -> QueueLook {
    let slots = try await workers().filter { $0.isPresent && $0.status.state == .running }
      .reduce(0) { $0 + $1.status.slots }
    return try await pool.transaction { database in
      let rows = try database.execute(
        """
        SELECT r.id, r.class, r.tenant, extract(epoch FROM r.deadline) AS deadline, r.state,
               extract(epoch FROM r.submitted_at) AS submitted_at, fleet.is_paused(r.id) AS is_paused,
               coalesce(p.model, f.model) AS model, coalesce(p.tile_operations, 0) AS tile_operations,
               coalesce(p.tiles - p.accepted, 0) AS unfinished,
               (SELECT count(*) FROM fleet.tiles t WHERE t.pass = p.id AND t.state = 'queued') AS queued,
               (SELECT coalesce(json_agg(q.model ORDER BY q.position), '[]') FROM fleet.pass_requests q
                WHERE q.run = r.id AND q.position > coalesce(p.position, -1)) AS later
        FROM fleet.runs r
        JOIN fleet.pass_requests f ON f.run = r.id AND f.position = 0
        LEFT JOIN LATERAL (SELECT * FROM fleet.passes p WHERE p.run = r.id ORDER BY p.position DESC LIMIT 1) p ON true
        WHERE r.state NOT IN ('completed', 'failed', 'cancelled')
        """)
      let runs = try rows.map { row in
        let runClass: RunClass = try row.value("class")
        let submittedAt: Date = try row.value("submitted_at")
        let queued: Int = try row.value("queued")
        return QueueLook.Run(
          run: try row.value("id"), runClass: runClass, tenant: try row.value("tenant"),
          due: runClass.due(deadline: try row.optional("deadline"), submittedAt: submittedAt), submittedAt: submittedAt,
          state: try row.value("state"), isPaused: try row.value("is_paused"), model: try row.value("model"),
          waitingTiles: max(0, try row.value("unfinished", as: Int.self) - queued), queuedTiles: queued,
          tileOperations: try row.value("tile_operations"), laterPasses: try row.json("later") ?? [])
      }
      var steps: [Digest: Double] = [:]
      for row in try database.execute("SELECT model, seconds FROM fleet.step_seconds") {
        steps[try row.value("model")] = try row.value("seconds")
      }
      return QueueLook(runs: runs, speeds: try database.speeds(), stepSeconds: steps, slots: slots)
    }
  }
}
