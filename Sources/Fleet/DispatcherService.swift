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

  private let ledger: any Ledger
  private let queue: any JobQueue
  private let preparer: any RunPreparing
  private let settings: ServiceSettings
  private let logger: Logger

  public init(
    ledger: any Ledger, queue: any JobQueue, preparer: any RunPreparing, settings: ServiceSettings, logger: Logger
  ) {
    self.ledger = ledger
    self.queue = queue
    self.preparer = preparer
    self.settings = settings
    self.logger = logger
  }

  public func run() async throws {
    try await queue.prepare()
    logger.info("dispatcher started")
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await loop("prepare", settings.pollInterval).run(prepareOne) }
      group.addTask { await loop("dispatch", settings.pollInterval).run(dispatchSome) }
      group.addTask { await loop("reconcile", settings.overdueAfter / 10).run(reconcile) }
    }
    logger.info("dispatcher stopped")
  }

  private func loop(_ step: String, _ interval: Duration) -> ServiceLoop {
    ServiceLoop(step: step, interval: interval, logger: logger, vitals: settings.vitals)
  }

  private func prepareOne() async throws -> Bool {
    guard let claim = try await ledger.claimSubmittedRun(owner: settings.owner, lease: settings.lease) else {
      return false
    }
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
      try await ledger.plan(plan, of: claim)
      logger.info("run prepared", metadata: ["run": "\(run)", "tiles": "\(plan.tiles)"])
    }
    return true
  }

  private func dispatchSome() async throws -> Bool {
    // While the broker is away nothing is moved: what isn't in the broker can still be reordered.
    guard let status = await queue.status(of: .tiles) else { return false }
    _ = try await ledger.enqueueTiles(window: max(1, status.consumers) * settings.tilesPerSlot)
    let messages = try await ledger.claimOutbox(limit: Self.publishedAtOnce, lease: settings.lease)
    guard !messages.isEmpty else { return false }
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

  private func reconcile() async throws -> Bool {
    let count = try await ledger.requeueOverdueTiles(olderThan: settings.overdueAfter)
    if count > 0 { logger.warning("tiles were lost and are dispatched again", metadata: ["tiles": "\(count)"]) }
    return false
  }
}
