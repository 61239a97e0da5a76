internal import FleetContracts
internal import Foundation
internal import Hummingbird

/// What the dashboard's first page shows.
struct BoardOperations: OperationGroup {
  let title = "Dashboard"
  private let ledger: any Ledger
  private let looks: KeptLooks

  init(_ services: APIServices) {
    ledger = services.ledger
    looks = KeptLooks(ledger: services.ledger)
  }

  var operations: [Operation] { [fleet, throughput] }

  private static let mostLetters = 100
  /// Minutes that the speed is taken from.
  private static let speedWindow = 5

  private var fleet: Operation {
    Operation(
      id: "getFleet", method: .get, path: "/v1/fleet",
      summary: "The fleet at a glance: queue, runs in work, workers, speed.",
      detail: "Of other tenants' runs a caller without the scope admin sees only how many there are.", scope: .read,
      answers: [.init(status: .ok, doc: "How it stands.", content: .json(FleetBoard.schema))]
    ) { [ledger, looks] request in
      let look = try await looks.look()
      let caller = request.caller
      let counts = look.overview.runs
      func runs(_ state: RunState) -> Int { counts.reduce(0) { $0 + ($1.state == state ? $1.count : 0) } }
      let minutes = look.overview.tilesByMinute.suffix(Self.speedWindow)
      let letters =
        caller.may(.admin) ? try await ledger.deadLetters(onlyOpen: true, run: nil, limit: Self.mostLetters).count : nil
      return Response.json(
        FleetBoard(
          queue: Self.queue(look.queue, for: caller),
          runs: look.overview.runsInWork.filter { (try? Tenant($0.tenant)).map(caller.sees) ?? false }.map {
            BoardRun(run: $0)
          },
          workers: look.workers.map { BoardWorker(worker: $0) },
          tilesPerMinute: Double(minutes.reduce(0, +)) / Double(max(1, minutes.count)), completedRuns: runs(.completed),
          failedRuns: runs(.failed), openDeadLetters: letters))
    }
  }

  private struct Group: Hashable {
    var runClass: RunClass
    var tenant: String
  }

  private static func queue(_ look: QueueLook, for caller: Caller) -> [BoardQueue] {
    let groups = Dictionary(grouping: look.runs) {
      Group(runClass: $0.runClass, tenant: caller.sees($0.tenant) ? $0.tenant.name : "others")
    }
    return groups.sorted { ($0.key.runClass, $0.key.tenant) < ($1.key.runClass, $1.key.tenant) }.map { group, runs in
      // Runs of one class and tenant are handed out in the order of what they are due, so the last due ends last.
      let last = runs.max { ($0.due, $0.submittedAt) < ($1.due, $1.submittedAt) }
      let forecast = last.flatMap { look.forecast(of: $0.run) }
      return BoardQueue(
        runClass: group.runClass, tenant: group.tenant, runs: runs.count,
        tiles: runs.reduce(0) { $0 + $1.waitingTiles + $1.queuedTiles },
        expectedAt: forecast?.median.map { Date(timeIntervalSinceNow: $0) }, reason: forecast?.reason)
    }
  }

  private var throughput: Operation {
    Operation(
      id: "getThroughput", method: .get, path: "/v1/throughput", summary: "What the fleet did, by minute or hour.",
      scope: .read,
      parameters: [
        .query("step", ThroughputStep.schema, "How finely it is counted; by minute unless said otherwise."),
        .query("steps", .integer(1...744), "How many steps up to now; 60 unless said otherwise."),
      ],
      answers: [.init(status: .ok, doc: "The steps.", content: .json(ThroughputAnswer.schema))]
    ) { [looks] request in
      let step = request["step"]?.string.flatMap(ThroughputStep.init) ?? .minute
      return Response.json(
        ThroughputAnswer(points: try await looks.throughput(step, steps: request["steps"]?.integer ?? 60)))
    }
  }
}

extension ThroughputStep: Answerable {}

/// Looks at the fleet, kept for a moment: however many dashboards are open, the database has the work of one.
private actor KeptLooks {
  struct Look: Sendable {
    var overview: FleetOverview
    var queue: QueueLook
    var workers: [WorkerRecord]
  }

  private struct Steps: Hashable {
    var step: ThroughputStep
    var steps: Int
  }

  private let ledger: any Ledger
  private var kept: (look: Task<Look, any Error>, until: ContinuousClock.Instant)?
  private var keptThroughputs: [Steps: (points: Task<[ThroughputPoint], any Error>, until: ContinuousClock.Instant)] =
    [:]

  private static let lifetime = Duration.seconds(1)
  private static let throughputLifetime = Duration.seconds(5)
  /// Workers that weren't heard of for longer aren't shown, in seconds.
  private static let remembered = 86_400.0

  init(ledger: any Ledger) { self.ledger = ledger }

  func look() async throws -> Look {
    if let kept, kept.until > .now { return try await kept.look.value }
    let task = Task { [ledger] in
      let overview = try await ledger.overview()
      let workers = try await ledger.workers().filter { overview.at.timeIntervalSince($0.seenAt) < Self.remembered }
      return Look(overview: overview, queue: try await ledger.queueLook(), workers: workers)
    }
    kept = (task, .now + Self.lifetime)
    return try await task.value
  }

  func throughput(_ step: ThroughputStep, steps: Int) async throws -> [ThroughputPoint] {
    let key = Steps(step: step, steps: steps)
    if let kept = keptThroughputs[key], kept.until > .now { return try await kept.points.value }
    keptThroughputs = keptThroughputs.filter { $0.value.until > .now }
    let task = Task { [ledger] in try await ledger.throughput(by: step, steps: steps) }
    keptThroughputs[key] = (task, .now + Self.throughputLifetime)
    return try await task.value
  }
}
