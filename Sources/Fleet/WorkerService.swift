public import FleetContracts
public import Logging
public import ServiceLifecycle

/// A worker: one consumer for each slot, one tile in hand for each.
///
/// The order for each tile is what makes a crash harmless: probabilities into the store, result published and confirmed, job
/// acknowledged. On SIGTERM each slot finishes its tile and takes no other.
public struct WorkerService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "worker" }

  /// A job that the broker has delivered this often before has probably killed those who had it; it is given up.
  public static let largestDeliveryCount = 10

  private let queue: any JobQueue
  private let slots: [any TilePredicting]
  private let name: String
  private let logger: Logger

  /// - Parameters:
  ///   - slots: one predictor for each tile that may be in work at once.
  ///   - name: this process, such as `host-4711`.
  public init(queue: any JobQueue, slots: [any TilePredicting], name: String, logger: Logger) {
    self.queue = queue
    self.slots = slots
    self.name = name
    self.logger = logger
  }

  public func run() async throws {
    try await queue.prepare()
    logger.info("worker started", metadata: ["worker": "\(name)", "slots": "\(slots.count)"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for slot in slots {
        let subscription = try await queue.subscribe(to: .tiles, prefetch: 1)
        group.addTask {
          try await withGracefulShutdownHandler {
            while Pausing.goesOn, let delivery = try await subscription.next() {
              // What arrives while the process is being stopped is for others.
              guard Pausing.goesOn else { return try await delivery.putBack() }
              try await handle(delivery, with: slot)
            }
          } onGracefulShutdown: {
            Task { await subscription.cancel() }
          }
        }
      }
      try await group.waitForAll()
    }
    logger.info("worker stopped", metadata: ["worker": "\(name)"])
  }

  private func handle(_ delivery: Delivery, with slot: any TilePredicting) async throws {
    let job: TileJob
    do {
      job = try delivery.message.tileJob()
    } catch {
      logger.error(
        "unreadable job goes to the dead letters", metadata: ["message": "\(delivery.message.id)", "error": "\(error)"])
      try? await delivery.reject()
      return
    }
    let result: TileResult
    do {
      try await FaultPoint.workerReceived.passed(tile: job.tile)
      result = try await predict(job, delivery: delivery, with: slot)
    } catch {  // only cancellation gets here: the tile is for somebody else
      try? await delivery.putBack()
      throw error
    }
    try await queue.publish(try QueueMessage(result), to: .results)
    try await FaultPoint.workerPublished.passed(tile: job.tile)
    do {
      try await delivery.acknowledge()
      try await FaultPoint.workerAcknowledged.passed(tile: job.tile)
    } catch is JobQueueError {
      // The broker will deliver the job again; its second result will be a duplicate of this one.
      logger.notice(
        "tile done, but its delivery was lost with the connection",
        metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
    }
  }

  private func predict(_ job: TileJob, delivery: Delivery, with slot: any TilePredicting) async throws -> TileResult {
    guard delivery.earlierDeliveries < Self.largestDeliveryCount else {
      let reason =
        "The tile was delivered \(delivery.earlierDeliveries) times without a result; its workers died of it."
      return TileResult(job: job, outcome: .failed(kind: .poison, reason: reason), worker: name, engine: "")
    }
    do {
      logger.debug("predicting tile", metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
      let tile = try await slot.predict(job)
      logger.debug(
        "tile predicted",
        metadata: ["run": "\(job.run)", "tile": "\(job.tile)", "seconds": "\(tile.timings.infer)"])
      return TileResult(
        job: job, outcome: .computed(probabilities: tile.probabilities, bytes: tile.bytes), worker: name,
        engine: tile.engine, timings: tile.timings)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      let failure = RunFailure(error)
      logger.error(
        "tile failed", metadata: ["run": "\(job.run)", "tile": "\(job.tile)", "reason": "\(failure.reason)"])
      // A message has little room; the log has the whole sentence.
      let reason = String(failure.reason.prefix(600))
      return TileResult(job: job, outcome: .failed(kind: failure.kind, reason: reason), worker: name, engine: "")
    }
  }
}
