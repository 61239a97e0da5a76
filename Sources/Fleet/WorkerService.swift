public import FleetContracts
public import Logging
public import ServiceLifecycle

/// A worker: one consumer for each slot, one tile in hand for each (`WorkerSlot`), and a word now and then about itself
/// (`WorkerPresence`). It stops as `WorkerDrain` says.
public struct WorkerService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "worker" }

  /// A job that the broker has delivered this often before has probably killed those who had it; it is given up.
  public static let largestDeliveryCount = 10

  private let queue: any JobQueue
  private let slots: [any TilePredicting]
  private let name: String
  private let drain: WorkerDrain
  private let presence: WorkerPresence
  private let warmUp: @Sendable () async -> Void
  private let ackTimeout: Duration
  private let logger: Logger
  private let gate: WorkerGate

  /// - Parameters:
  ///   - slots: one predictor for each tile that may be in work at once.
  ///   - name: this process, such as `host-4711`.
  ///   - facts: what it tells the fleet about itself; `nil` for a worker that keeps silent.
  ///   - ackTimeout: how long the broker waits for a job's acknowledgement.
  ///   - warmUp: makes the slots ready.
  public init(
    queue: any JobQueue, slots: [any TilePredicting], name: String, facts: WorkerFacts? = nil,
    drain: WorkerDrain = WorkerDrain(grace: .seconds(120)), ackTimeout: Duration = .seconds(1800),
    warmUp: @escaping @Sendable () async -> Void = {}, logger: Logger
  ) {
    self.queue = queue
    self.slots = slots
    self.name = name
    self.drain = drain
    self.ackTimeout = ackTimeout
    self.warmUp = warmUp
    self.logger = logger
    presence = WorkerPresence(name: name, slots: slots.count, facts: facts, queue: queue, logger: logger)
    gate = WorkerGate(worker: name)
  }

  public func run() async throws {
    try await queue.prepare()
    let announcements = try await queue.announcements()
    logger.info("worker started", metadata: ["worker": "\(name)", "slots": "\(slots.count)"])
    let ending = await withTaskGroup(of: Void.self, returning: Result<Void, any Error>.self) { group in
      group.addTask { await presence.report() }
      group.addTask { await listen(announcements) }
      defer { group.cancelAll() }
      await warmUp()
      presence.become(.running)
      do { return .success(try await work()) } catch { return .failure(error) }
    }
    await presence.farewell()
    logger.info("worker stopped", metadata: ["worker": "\(name)"])
    try ending.get()
  }

  private func work() async throws {
    let (told, heavy) = (ToldResults(), HeavyTiles())
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for predictor in slots {
          let slot = WorkerSlot(
            queue: queue, predictor: predictor, worker: name, presence: presence, drain: drain, told: told,
            heavy: heavy, longTile: LongTile(ackTimeout: ackTimeout), gate: gate, logger: logger)
          group.addTask { try await slot.run() }
        }
        try await group.waitForAll()
      }
    } onGracefulShutdown: {
      presence.become(.draining)
      drain.begin()
    }
  }

  private func listen(_ announcements: AsyncStream<Announcement>) async {
    for await announcement in announcements where gate.hear(announcement) {
      if case .quarantined(_, let reason) = announcement {
        presence.become(.quarantined)
        logger.critical(
          "this worker is quarantined and takes no jobs", metadata: ["worker": "\(name)", "reason": "\(reason)"])
      } else {
        presence.become(.running)
        logger.notice("this worker is released from quarantine", metadata: ["worker": "\(name)"])
      }
    }
  }
}
