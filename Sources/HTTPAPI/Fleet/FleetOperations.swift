internal import FleetContracts
internal import Foundation
internal import Hummingbird

/// Looking at the fleet.
struct FleetOperations: OperationGroup {
  let title = "Fleet"
  private let ledger: any Ledger

  init(_ services: APIServices) { ledger = services.ledger }

  var operations: [Operation] {
    [
      Operation(
        id: "listWorkers", method: .get, path: "/v1/workers", summary: "The workers of the last 30 days, by name.",
        scope: .read, answers: [.init(status: .ok, doc: "All of them.", content: .json(WorkerList.schema))]
      ) { [ledger] _ in Response.json(WorkerList(workers: try await ledger.workers())) },
      Operation(
        id: "getQueue", method: .get, path: "/v1/queue", summary: "How the whole fleet stands, and the runs in work.",
        detail: "Counts are of all tenants; runs are those that the caller may see, the most urgent and oldest first.",
        scope: .read, answers: [.init(status: .ok, doc: "The state of now.", content: .json(FleetOverview.schema))]
      ) { [ledger] request in
        var overview = try await ledger.overview()
        overview.runsInWork.removeAll { run in !((try? Tenant(run.tenant)).map(request.caller.sees) ?? false) }
        return Response.json(overview)
      },
    ]
  }
}

struct WorkerList: Described {
  var workers: [WorkerRecord]
  static var fields: [Field<WorkerList>] { [Field("workers", "By name.") { $0.workers }] }
}

extension WorkerRecord: Described {
  static var schemaName: String { "Worker" }
  static var fields: [Field<WorkerRecord>] {
    [
      Field("worker", "The worker process.") { $0.status.worker },
      Field("host", "The machine that it runs on.") { $0.status.host },
      Field("state", "What it last said of itself.") { $0.status.state },
      Field("lost", "Whether it fell silent without a last word.") { $0.isLost },
      Field("slots", "Tiles that it computes at once.") { $0.status.slots },
      Field("busy_slots", "Slots with a tile in hand.") { $0.status.busySlots },
      Field(optional: "engine", "Engine and instruction set of its last tile.") { $0.status.engine },
      Field("software_version", "Its version of Tessera.") { $0.status.softwareVersion },
      Field(optional: "memory_bytes", "What it uses.") { $0.status.memory },
      Field(optional: "memory_limit_bytes", "What it may use; null for no limit.") { $0.status.memoryLimit },
      Field("tiles", "Tiles computed since it was started.") { $0.status.tiles },
      Field(optional: "tile_seconds", "Median seconds of its latest tiles.") { $0.status.tileSeconds },
      Field("started_at", "When it was first heard of.") { $0.startedAt },
      Field("seen_at", "When it was last heard of.") { $0.seenAt },
    ]
  }
}

extension FleetOverview: Described {
  static var schemaName: String { "Queue" }
  static var fields: [Field<FleetOverview>] {
    [
      Field("at", "The ledger's time.") { $0.at },
      Field("runs", "Runs by state and class, since the beginning.") { $0.runs },
      Field("outstanding", "Tiles without a result, by class.") { $0.outstanding },
      Field("outbox_lag_seconds", "How long the oldest message waits to be published.") { $0.outboxLag },
      Field("tiles_by_minute", "Tiles accepted in each of the last minutes, the latest last.") { $0.tilesByMinute },
      Field("runs_in_work", "At most \(FleetOverview.mostRuns) runs that aren't over.") { $0.runsInWork },
      Field("dead_tiles", "Tiles whose attempts are used up.") { $0.deadTiles },
      Field("deadline_misses", "Runs that were late, by class.") { $0.deadlineMisses },
    ]
  }
}

extension FleetOverview.RunCount: Described {
  static var fields: [Field<Self>] {
    [
      Field("state", "The state.") { $0.state }, Field("class", "The class.") { $0.runClass },
      Field("count", "How many runs.") { $0.count },
    ]
  }
}

extension FleetOverview.OutstandingTiles: Described {
  static var fields: [Field<Self>] {
    [
      Field("class", "The class.") { $0.runClass }, Field("planned", "In the backlog.") { $0.planned },
      Field("queued", "On their way.") { $0.queued },
    ]
  }
}

extension FleetOverview.DeadlineMisses: Described {
  static var fields: [Field<Self>] {
    [Field("class", "The class.") { $0.runClass }, Field("count", "How many runs.") { $0.count }]
  }
}

extension FleetOverview.RunInWork: Described {
  static var fields: [Field<Self>] {
    [
      Field("run", "The run's identifier.") { $0.run },
      Field("model", "The model's name.") { $0.model },
      Field("class", "The class.") { $0.runClass },
      Field("tenant", "For whom it is.") { $0.tenant },
      Field("state", "How far it has come.") { $0.state },
      Field("passes", "How many models it goes through.") { $0.passes },
      Field("position", "The one in work, from 0.") { $0.position },
      Field("planned_tiles", "Tiles of the one in work; 0 until planned.") { $0.plannedTiles },
      Field("accepted_tiles", "Those with a result.") { $0.acceptedTiles },
      Field("submitted_at", "When it was submitted.") { $0.submittedAt },
      Field("recent_tiles", "Results within the last \(FleetOverview.window) minutes.") { $0.recentTiles },
    ]
  }
}
