public import FleetContracts
internal import FleetMetrics
internal import Foundation
public import Logging
public import ServiceLifecycle

/// The aggregator: writes tile results and what workers say of themselves into the ledger, and stitches runs whose tiles are all in.
public struct AggregatorService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "aggregator" }

  /// Results in hand at once; what has arrived is written in one transaction.
  private static let prefetch = 512
  private static let writtenAtOnce = 256

  private let ledger: any Ledger
  private let queue: any JobQueue
  private let stitcher: any RunStitching
  private let trainings: TrainingKeeper?
  private let sweeper: CheckpointSweeper?
  private let settings: ServiceSettings
  private let logger: Logger

  /// - Parameters:
  ///   - trainings: writes what trainers report too; `nil` for a fleet that trains nothing.
  ///   - sweeper: removes checkpoints that later ones have replaced.
  public init(
    ledger: any Ledger, queue: any JobQueue, stitcher: any RunStitching, trainings: TrainingKeeper? = nil,
    sweeper: CheckpointSweeper? = nil, settings: ServiceSettings, logger: Logger
  ) {
    self.ledger = ledger
    self.queue = queue
    self.stitcher = stitcher
    self.trainings = trainings
    self.sweeper = sweeper
    self.settings = settings
    self.logger = logger
  }

  public func run() async throws {
    try await queue.prepare()
    logger.info("aggregator started")
    try await withThrowingTaskGroup(of: Void.self) { group in
      let subscription = try await queue.subscribe(to: .results, prefetch: Self.prefetch)
      group.addTask {
        try await withGracefulShutdownHandler {
          while true {
            let deliveries = try await subscription.next(atMost: Self.writtenAtOnce)
            guard !deliveries.isEmpty else { return }
            await handle(deliveries)
          }
        } onGracefulShutdown: {
          Task { await subscription.cancel() }
        }
      }
      group.addTask {
        try await RosterKeeper(ledger: ledger, queue: queue, pause: settings.pollInterval, logger: logger).run()
      }
      group.addTask {
        try await DeadLetterIntake(ledger: ledger, queue: queue, settings: settings, logger: logger).run()
      }
      if let trainings { group.addTask { try await trainings.run() } }
      if let sweeper {
        group.addTask {
          await ServiceLoop(
            step: "sweep checkpoints", interval: CheckpointSweeper.interval, logger: logger, vitals: settings.vitals
          ).run { try await sweeper.sweep() }
        }
      }
      group.addTask {
        await ServiceLoop(
          step: "quarantine", interval: settings.pollInterval * 5, logger: logger, vitals: settings.vitals
        ).run(keepQuarantine)
      }
      group.addTask {
        await ServiceLoop(step: "upkeep", interval: .seconds(60), logger: logger, vitals: settings.vitals).run {
          try await ledger.keepUp()
          return false
        }
      }
      group.addTask {
        await ServiceLoop(
          step: "stitch", interval: settings.pollInterval, shortestPause: settings.shortestPause, logger: logger,
          vitals: settings.vitals
        ).run(stitchOne)
      }
      try await group.waitForAll()
    }
    logger.info("aggregator stopped")
  }

  private func handle(_ deliveries: [Delivery]) async {
    var readable: [(delivery: Delivery, result: TileResult)] = []
    for delivery in deliveries {
      do {
        readable.append((delivery, try delivery.message.tileResult()))
      } catch {
        logger.error(
          "unreadable result goes to the dead letters",
          metadata: ["message_id": "\(delivery.message.id)", "error": "\(error)"])
        try? await delivery.reject()
      }
    }
    await record(readable)
  }

  /// Writes results, then acknowledges them. A lost delivery comes again and is then a duplicate.
  private func record(_ readable: [(delivery: Delivery, result: TileResult)]) async {
    guard !readable.isEmpty else { return }
    do {
      for (_, result) in readable { try await FaultPoint.aggregatorReceived.passed(tile: result.tile) }
      guard let receipts = try await write(readable) else { return }
      for (receipt, (delivery, result)) in zip(receipts, readable) {
        log(receipt, of: result, in: delivery.message.trace)
        try await FaultPoint.aggregatorCommitted.passed(tile: result.tile)
      }
      await Delivery.acknowledge(readable.map(\.delivery))
    } catch {
      // Not written, or nobody knows: not acknowledged, so somebody will try again.
      logger.warning("results not recorded", metadata: ["results": "\(readable.count)", "error": "\(error)"])
      for (delivery, _) in readable { try? await delivery.putBack() }
      await Pausing.pause(settings.pollInterval)
    }
  }

  /// Writes results; `nil` when that had to be done one by one, and is.
  /// - Throws: when the ledger can't be reached.
  private func write(_ readable: [(delivery: Delivery, result: TileResult)]) async throws -> [TileReceipt]? {
    do {
      return try await ledger.record(readable.map(\.result))
    } catch let error where error is LedgerError || error is CancellationError {
      throw error
    } catch {
      // The ledger is there and refuses: one of them is the reason, and must not keep the others from being written.
      guard readable.count == 1, let (delivery, result) = readable.first else {
        for one in readable { await record([one]) }
        return nil
      }
      logger.error(
        "a result that the ledger refuses goes to the dead letters",
        metadata: ["run": "\(result.run)", "tile": "\(result.tile)", "error": "\(error)"])
      try? await delivery.reject()
      return nil
    }
  }

  private func log(_ receipt: TileReceipt, of result: TileResult, in trace: TraceContext?) {
    receipt.count()
    let logger = logger.tracing(trace)
    let facts: Logger.Metadata = ["run": "\(result.run)", "tile": "\(result.tile)", "worker": "\(result.worker)"]
    switch receipt {
    case .accepted(let completesPass):
      logger.debug("tile accepted", metadata: facts)
      if completesPass { logger.info("all tiles are in", metadata: ["run": "\(result.run)"]) }
    case .duplicate: logger.debug("duplicate result dropped", metadata: facts)
    case .stale: logger.notice("late result dropped", metadata: facts)
    case .willRetry: logger.warning("tile will be tried again", metadata: facts)
    case .dead: logger.error("tile is dead, its run has failed", metadata: facts)
    case .disputed:
      logger.warning("results of a tile differ, another worker computes it", metadata: facts)
    case .awaitsAgreement: logger.debug("another worker must agree in a tile", metadata: facts)
    case .refused: logger.warning("result of a quarantined worker dropped", metadata: facts)
    case .conflict(let accepted):
      logger.critical(
        "two results of one tile differ, of different engines or too late to decide between them",
        metadata: facts.merging(["accepted": "\(accepted)"]) { first, _ in first })
    }
  }

  /// Takes back what quarantined workers have computed, and tells them again and again to take no jobs.
  private func keepQuarantine() async throws -> Bool {
    let count = try await ledger.withdrawQuarantinedResults()
    if count > 0 { logger.warning("tiles of quarantined workers are computed again", metadata: ["tiles": "\(count)"]) }
    for quarantine in try await ledger.quarantinesToAnnounce() {
      logger.critical(
        "worker is quarantined", metadata: ["worker": "\(quarantine.worker)", "reason": "\(quarantine.reason)"])
      // A message has little room; the ledger has the whole sentence.
      try await queue.announce(
        .quarantined(worker: quarantine.worker, reason: String(quarantine.reason.prefix(600))))
    }
    return false
  }

  private func stitchOne() async throws -> Bool {
    guard let work = try await ledger.claimStitch(owner: settings.owner, lease: settings.lease) else { return false }
    let claim = work.claim
    let run = claim.run.id
    let logger = logger.tracing(claim.run.trace)
    logger.info(
      "stitching run", metadata: ["run": "\(run)", "position": "\(claim.run.position)", "epoch": "\(claim.epoch)"])
    if work.engines.count > 1 {
      logger.warning(
        "several engines have predicted one run, so its bits depend on their shares; hold all workers to one by --engine and --isa",
        metadata: ["run": "\(run)", "engines": "\(work.engines.joined(separator: ", "))"])
    }
    let claimed = ClaimedWork(ledger: ledger, lease: settings.lease, logger: logger) { [settings] in
      settings.vitals.sign(of: "stitch", again: settings.lease * 2)
    }
    try await claimed.perform(claim) {
      try await FaultPoint.stitcherClaimed.passed()
      return try await FleetMetrics.stitchSeconds.measure { try await stitcher.stitch(work) }
    } commit: { outcome in
      try await FaultPoint.stitcherWritten.passed()
      switch outcome {
      case .rejected(let tiles):
        try await ledger.reject(tiles, of: work)
        logger.error(
          "damaged tiles are computed again",
          metadata: ["run": "\(run)", "tiles": "\(tiles.count)", "reason": "\(tiles.values.map(\.reason).min() ?? "")"])
      case .pass(let outcome):
        try await ledger.completePass(claim, outcome)
        logger.info("pass completed", metadata: ["run": "\(run)", "position": "\(claim.run.position)"])
      case .run(let outcome):
        try await ledger.complete(claim, outcome)
        FleetMetrics.runDurationSeconds.observe(
          max(0, Date().timeIntervalSince(claim.run.submittedAt)), claim.run.runClass.rawValue)
        logger.info("run completed", metadata: ["run": "\(run)", "labelVoxels": "\(outcome.labelVoxels)"])
      }
    }
    return true
  }
}
