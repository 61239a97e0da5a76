public import FleetContracts
internal import FleetMetrics
public import Logging
public import ServiceLifecycle

/// The dispatcher: prepares submitted runs, hands their tiles to the broker just in time, and finds tiles that got lost.
///
/// Any number of dispatchers may run: runs are claimed, the window of tiles is shared through the ledger.
public struct DispatcherService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "dispatcher" }

  /// Messages of the outbox on their way to the broker at once.
  private static let publishedAtOnce = 512
  /// A tile on its way may be as old as this, however fast its model is.
  private static let overdueAtTheEarliest = Duration.seconds(30)

  private static let start = ContinuousClock.now
  private static var now: Duration { ContinuousClock.now - start }

  private let ledger: any Ledger
  private let queue: any JobQueue
  private let preparer: any RunPreparing
  private let urgentPreparer: (any RunPreparing)?
  private let settings: ServiceSettings
  private let logger: Logger
  private let admission: @Sendable () async throws -> Void
  private let trainings: TrainingDispatch?
  private let preparing: Hindrance
  private let dispatching: Hindrance

  /// - Parameters:
  ///   - urgentPreparer: prepares STAT runs beside the others, so that they never wait for a preparation that has begun; `nil` where there is
  ///     no memory for two at once.
  ///   - trainings: hands out jobs of trainings too; `nil` for a fleet that trains nothing.
  ///   - admission: throws why no run may be begun at present, such as a blob store that is nearly full.
  public init(
    ledger: any Ledger, queue: any JobQueue, preparer: any RunPreparing, urgentPreparer: (any RunPreparing)? = nil,
    trainings: TrainingDispatch? = nil, settings: ServiceSettings, logger: Logger,
    admission: @escaping @Sendable () async throws -> Void = {}
  ) {
    self.ledger = ledger
    self.queue = queue
    self.preparer = preparer
    self.urgentPreparer = urgentPreparer
    self.settings = settings
    self.logger = logger
    self.admission = admission
    self.trainings = trainings
    preparing = Hindrance(step: "prepare", logger: logger)
    dispatching = Hindrance(step: "dispatch", logger: logger)
  }

  public func run() async throws {
    try await queue.prepare()
    logger.info("dispatcher started")
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // A STAT run is looked for before each other one, however long those have been waiting.
        await loop("prepare", settings.pollInterval, shortestPause: settings.shortestPause).run {
          let urgent = try await prepareOne(of: [.stat], by: preparer)
          let any = try await prepareOne(of: Set(RunClass.allCases), by: preparer)
          return urgent || any
        }
      }
      if let urgentPreparer {
        group.addTask {
          await loop("prepare stat", settings.pollInterval, shortestPause: settings.shortestPause).run {
            try await prepareOne(of: [.stat], by: urgentPreparer)
          }
        }
      }
      group.addTask {
        var pace = DispatchPace(keepsAhead: settings.keepsAhead, longestPause: settings.pollInterval)
        await loop("dispatch", settings.pollInterval).run { try await dispatchSome(&pace) }
      }
      group.addTask {
        await loop("reconcile", min(settings.overdueAfter, Self.overdueAtTheEarliest) / 10).run(reconcile)
      }
      group.addTask { await loop("hedge", HedgePolicy.floor / 4).run(hedge) }
      if let trainings {
        group.addTask {
          await loop("dispatch trainings", settings.pollInterval * 2).run { try await dispatch(trainings) }
        }
        group.addTask { await reconcile(trainings) }
      }
    }
    logger.info("dispatcher stopped")
  }

  private func loop(_ step: String, _ interval: Duration, shortestPause: Duration? = nil) -> ServiceLoop {
    ServiceLoop(step: step, interval: interval, shortestPause: shortestPause, logger: logger, vitals: settings.vitals)
  }

  private func prepareOne(of classes: Set<RunClass>, by preparer: any RunPreparing) async throws -> Bool {
    do {
      try await admission()
      preparing.note(nil)
    } catch {
      preparing.note("\(error)")
      return false
    }
    guard
      let claim = try await ledger.claimSubmittedRun(of: classes, owner: settings.owner, lease: settings.lease)
    else { return false }
    let run = claim.run.id
    let logger = logger.tracing(claim.run.trace)
    logger.info(
      "preparing run", metadata: ["run": "\(run)", "position": "\(claim.run.position)", "epoch": "\(claim.epoch)"])
    let work = ClaimedWork(ledger: ledger, lease: settings.lease, logger: logger) { [settings] in
      settings.vitals.sign(of: "prepare", again: settings.lease * 2)
    }
    try await work.perform(claim) {
      try await FaultPoint.dispatcherClaimed.passed()
      return try await FleetMetrics.prepareSeconds.measure { try await preparer.prepare(claim.run) }
    } commit: { plan in
      try await FaultPoint.dispatcherPrepared.passed()
      var plan = plan
      plan.canaryShare = settings.canaryShare
      try await ledger.plan(plan, of: claim)
      logger.info("run prepared", metadata: ["run": "\(run)", "tiles": "\(plan.tiles)"])
    }
    return true
  }

  private func dispatchSome(_ pace: inout DispatchPace) async throws -> Bool {
    // While the broker is away or takes nothing, nothing is moved: what isn't in the broker can still be reordered.
    let before = Self.now
    guard let status = await queue.status(of: .tiles) else {
      if case .blocked(let reason) = await queue.condition() {
        dispatching.note("The broker takes no messages: \(reason)")
      } else {
        dispatching.note("The broker is away.")
      }
      return false
    }
    dispatching.note(nil)
    let window = pace.window(
      slots: status.consumers, ready: status.ready, age: Self.now - before, at: before)
    let report = try await ledger.enqueueTiles(window)
    pace.note(report, slots: status.consumers, at: Self.now)
    let messages = try await ledger.claimOutbox(limit: Self.publishedAtOnce, lease: settings.lease)
    guard !messages.isEmpty else {
      await Pausing.pause(pace.pause)
      return true
    }
    try await FaultPoint.relayClaimed.passed()
    // A publication waits through an outage of the broker; what it didn't reach by then is published after the next start.
    try await cancelWhenGracefulShutdown {
      for (name, messages) in Dictionary(grouping: messages, by: \.queue) {
        try await queue.publish(messages.map(\.message), to: name)
        try await FaultPoint.relayPublished.passed()
        try await ledger.markPublished(messages)
      }
    }
    return true
  }

  /// The last tiles of runs don't wait for a slow or dead worker while others are idle.
  private func hedge() async throws -> Bool {
    guard let status = await queue.status(of: .tiles), status.ready == 0 else { return false }
    let count = try await ledger.hedgeStragglers(slots: status.consumers)
    if count > 0 { logger.notice("tiles take long and are given to a second worker", metadata: ["tiles": "\(count)"]) }
    return false
  }

  private func dispatch(_ trainings: TrainingDispatch) async throws -> Bool {
    let lease = settings.lease
    let count = try await cancelWhenGracefulShutdown { try await trainings.dispatch(claim: lease) }
    if count > 0 { logger.info("training jobs handed out", metadata: ["jobs": "\(count)"]) }
    return false
  }

  private func reconcile(_ trainings: TrainingDispatch) async {
    var hearing = TrainingDispatch.Hearing()
    await loop("reconcile trainings", settings.pollInterval * 5).run {
      let count = try await trainings.reconcile(&hearing, overdue: settings.overdueAfter)
      if count > 0 {
        logger.warning("training jobs were lost and are handed out again", metadata: ["jobs": "\(count)"])
      }
      return false
    }
  }

  private func reconcile() async throws -> Bool {
    let waiting = await queue.status(of: .tiles)?.ready ?? 0
    let count = try await ledger.requeueOverdueTiles(
      OverdueRule(shortest: Self.overdueAtTheEarliest, longest: settings.overdueAfter, waiting: waiting))
    if count > 0 { logger.warning("tiles were lost and are dispatched again", metadata: ["tiles": "\(count)"]) }
    return false
  }
}
