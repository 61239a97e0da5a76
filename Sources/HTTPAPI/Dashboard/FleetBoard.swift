internal import FleetContracts
internal import Foundation

/// The fleet at a glance, for the dashboard: one answer, so that its parts are of one moment.
struct FleetBoard: Described {
  var queue: [BoardQueue]
  var runs: [BoardRun]
  var workers: [BoardWorker]
  var tilesPerMinute: Double
  var completedRuns: Int
  var failedRuns: Int
  /// `nil` for callers who may not see dead letters.
  var openDeadLetters: Int?

  static var fields: [Field<FleetBoard>] {
    [
      Field("queue", "Runs that aren't over, by class and tenant, the most urgent first.") { $0.queue },
      Field("runs", "The runs that aren't over, the most urgent and oldest first; at most 50.") { $0.runs },
      Field("workers", "Workers that were seen during the last day.") { $0.workers },
      Field("tiles_per_minute", "Accepted tiles, the mean of the last five minutes.") { $0.tilesPerMinute },
      Field("completed_runs", "Since the beginning.") { $0.completedRuns },
      Field("failed_runs", "Since the beginning.") { $0.failedRuns },
      Field(optional: "open_dead_letters", "At most 100; null without the scope admin.") { $0.openDeadLetters },
    ]
  }
}

struct BoardQueue: Described {
  var runClass: RunClass
  var tenant: String
  var runs: Int
  var tiles: Int
  var expectedAt: Date?
  var reason: QueueForecast.Reason?

  static var fields: [Field<BoardQueue>] {
    [
      Field("class", "How urgent they are.") { $0.runClass },
      Field("tenant", "For whom they are; other tenants' runs are counted together as 'others'.") { $0.tenant },
      Field("runs", "How many runs aren't over.") { $0.runs },
      Field("tiles", "Planned tiles of their passes in work that have no result.") { $0.tiles },
      Field(optional: "expected_at", "When the last of them will probably be done.") { $0.expectedAt },
      Field(optional: "reason", "Why no end can be foretold.", schema: .words(["noWorkers", "paused"])) {
        $0.reason?.rawValue
      },
    ]
  }
}

struct BoardRun: Described {
  var run: FleetOverview.RunInWork

  static var fields: [Field<BoardRun>] {
    [
      Field("run", "The run's identifier.") { $0.run.run },
      Field("model", "The model's name.") { $0.run.model },
      Field("class", "How urgent it is.") { $0.run.runClass },
      Field("tenant", "For whom it is.") { $0.run.tenant },
      Field("state", "How far it has come.") { $0.run.state },
      Field("planned_tiles", "Tiles of the pass in work; 0 until they are planned.") { $0.run.plannedTiles },
      Field("accepted_tiles", "Those that have a result.") { $0.run.acceptedTiles },
      Field("submitted_at", "When it was submitted.") { $0.run.submittedAt },
    ]
  }
}

struct BoardWorker: Described {
  var worker: WorkerRecord

  static var fields: [Field<BoardWorker>] {
    [
      Field("worker", "The worker process, such as host-4711.") { $0.worker.status.worker },
      Field(
        "state", "What it last said of itself, or lost when it fell silent.",
        schema: .words(WorkerStatus.State.allCases.map(\.rawValue) + ["lost"])
      ) { $0.worker.isLost ? "lost" : $0.worker.status.state.rawValue },
      Field("slots", "Tiles that it computes at once.") { $0.worker.status.slots },
      Field("busy_slots", "Slots with a tile in hand.") { $0.worker.status.busySlots },
      Field(optional: "engine", "Engine and instruction set of its last tile.") { $0.worker.status.engine },
      Field(optional: "memory", "Bytes that it uses.") { $0.worker.status.memory },
      Field(optional: "tile_seconds", "Median of its latest tiles.") { $0.worker.status.tileSeconds },
      Field("seen_at", "When it was last heard of.") { $0.worker.seenAt },
    ]
  }
}

struct ThroughputAnswer: Described {
  var points: [ThroughputPoint]
  static var schemaName: String { "Throughput" }
  static var fields: [Field<ThroughputAnswer>] {
    [Field("points", "In the order of time, also steps in which nothing was done.") { $0.points }]
  }
}

extension ThroughputPoint: Described {
  static var fields: [Field<ThroughputPoint>] {
    [
      Field("start", "The step's begin.") { $0.start },
      Field("tiles", "Tiles that were accepted in it.") { $0.tiles },
      Field("runs", "Runs that were completed in it.") { $0.runs },
    ]
  }
}
