internal import Digests
internal import FleetContracts
internal import FleetMetrics
internal import Logging
internal import ServiceLifecycle

/// One slot of a worker: a consumer that holds one job, and the predictor that computes it.
///
/// The order for each tile is what makes a crash harmless: probabilities into the store, result published and confirmed, job
/// acknowledged.
struct WorkerSlot {
  let queue: any JobQueue
  let predictor: any TilePredicting
  let worker: String
  let presence: WorkerPresence
  let drain: WorkerDrain
  let told: ToldResults
  let heavy: HeavyTiles
  let longTile: LongTile
  let gate: WorkerGate
  var logger: Logger
  /// The trace of the job in hand, and this slot's part in it.
  private var trace: TraceContext?
  private var span: TraceContext?

  init(
    queue: any JobQueue, predictor: any TilePredicting, worker: String, presence: WorkerPresence, drain: WorkerDrain,
    told: ToldResults, heavy: HeavyTiles, longTile: LongTile, gate: WorkerGate, logger: Logger
  ) {
    self.queue = queue
    self.predictor = predictor
    self.worker = worker
    self.presence = presence
    self.drain = drain
    self.told = told
    self.heavy = heavy
    self.longTile = longTile
    self.gate = gate
    self.logger = logger
  }

  /// The slot with a delivery in hand: its log names the delivery's trace.
  private func taking(_ delivery: Delivery) -> WorkerSlot {
    var slot = self
    slot.trace = delivery.message.trace
    slot.span = slot.trace?.child()
    slot.logger = logger.tracing(slot.trace, span: slot.span)
    return slot
  }

  /// How long handing back a job may take; a job that couldn't be handed back is delivered again when the connection ends.
  private static let handingBack = Duration.seconds(5)

  /// How soon a slot notices that the worker is quarantined or released.
  private static let gatePause = Duration.milliseconds(200)

  /// Takes jobs, except in quarantine, until the process is asked to stop, or the task cancelled.
  func run() async throws {
    var pace = Pace()
    while Pausing.goesOn {
      guard gate.isOpen else {
        await Pausing.pause(Self.gatePause)
        continue
      }
      try await takeJobs(&pace)
      if gate.isOpen { return }
    }
  }

  /// Takes jobs until the process is asked to stop or the worker is quarantined.
  private func takeJobs(_ pace: inout Pace) async throws {
    let subscription = try await queue.subscribe(to: .tiles, prefetch: 1)
    let watch = Task {
      while gate.isOpen, (try? await Task.sleep(for: Self.gatePause)) != nil {}
      await subscription.cancel()
    }
    defer { watch.cancel() }
    try await withGracefulShutdownHandler {
      while Pausing.goesOn, let delivery = try await subscription.next() {
        // What arrives while the process is being stopped, or is quarantined, is for others.
        guard Pausing.goesOn, gate.isOpen else {
          return await handBack(delivery, try? delivery.message.tileJob())
        }
        try await taking(delivery).handle(delivery, &pace)
      }
    } onGracefulShutdown: {
      Task { await subscription.cancel() }
    }
  }

  private func handle(_ delivery: Delivery, _ pace: inout Pace) async throws {
    let job: TileJob
    do {
      job = try delivery.message.tileJob()
    } catch {
      logger.error(
        "unreadable job goes to the dead letters",
        metadata: ["message_id": "\(delivery.message.id)", "error": "\(error)"])
      try? await delivery.reject()
      return
    }
    guard !gate.isCancelled(job.run) else {
      logger.debug("job of a cancelled run dropped", metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
      try? await delivery.acknowledge()
      return
    }
    guard job.excluding?.contains(worker) != true else {
      try await queue.publish(try QueueMessage(TileResult.declining(job, worker: worker)), to: .results)
      try? await delivery.acknowledge()
      return
    }
    if let result = told[delivery.message.id] {
      logger.notice(
        "a job came again, its result is told again", metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
      try await queue.publish(result, to: .results)
      try? await delivery.acknowledge()
      return
    }
    if heavy.leaves(job) {
      logger.notice(
        "a tile that had too little memory here is left to others",
        metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
      await Pausing.pause(HeavyTiles.pause)
      return await handBack(delivery, job)
    }
    var result: QueueMessage
    switch await end(of: job, delivery, &pace) {
    case .result(let outcome):
      result = try QueueMessage(outcome)
      result.trace = span
      outcome.countPhases()
    case .abandoned:
      logger.notice("tile abandoned", metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
      return await handBack(delivery, job)
    case .cancelled:
      await handBack(delivery, job)
      throw CancellationError()
    }
    try await FleetMetrics.tilePhaseSeconds.measure("publish") { [result] in
      try await queue.publish(result, to: .results)
    }
    told.told(result, of: delivery.message.id)
    try await FaultPoint.workerPublished.passed(tile: job.tile)
    do {
      try await delivery.acknowledge()
      try await FaultPoint.workerAcknowledged.passed(tile: job.tile)
    } catch is JobQueueError {
      // The broker will deliver the job again, to this worker or to another, whose result will be a duplicate of this one.
      logger.notice(
        "tile done, but its delivery was lost with the connection",
        metadata: ["run": "\(job.run)", "tile": "\(job.tile)"])
    }
  }

  private enum TileEnd: Sendable {
    case result(TileResult)
    case abandoned
    case cancelled
  }

  /// Predicts the tile, unless the worker's stopping or the task's cancellation comes first.
  private func end(of job: TileJob, _ delivery: Delivery, _ pace: inout Pace) async -> TileEnd {
    let earlier = delivery.earlierDeliveries + (job.earlierDeliveries ?? 0)
    guard earlier < WorkerService.largestDeliveryCount else {
      let reason = "The tile was delivered \(earlier) times without a result; its workers died of it."
      return .result(TileResult(job: job, outcome: .failed(kind: .poison, reason: reason), worker: worker, engine: ""))
    }
    let start = ContinuousClock.now
    let expected = pace.expected(job.document).map { start + .seconds($0) }
    presence.tileBegins()
    var computed: (engine: String, seconds: Double)?
    defer { presence.tileEnds(computed: computed) }
    let end = await withTaskGroup(of: TileEnd?.self) { group in
      group.addTask { await predict(job, earlier: earlier) }
      group.addTask { (try? await drain.abandonment(expectedEnd: expected)).map { .abandoned } }
      var end: TileEnd?
      // A result that is there all the same when the tile is abandoned counts.
      while let next = await group.next() {
        if case .result = next { end = next } else if end == nil { end = next }
        group.cancelAll()
      }
      return end ?? .cancelled
    }
    if case .result(let result) = end, case .computed = result.outcome {
      let seconds = (ContinuousClock.now - start).inSeconds
      computed = (result.engine, seconds)
      pace.took(seconds, job.document)
      if let warning = longTile.warning(seconds: seconds), pace.warnsFirst(job.document) {
        logger.warning("\(warning)", metadata: ["run": "\(job.run)", "seconds": "\(seconds)"])
      }
    }
    return end
  }

  private func predict(_ job: TileJob, earlier: Int) async -> TileEnd {
    let facts: Logger.Metadata = ["run": "\(job.run)", "tile": "\(job.tile)"]
    do {
      try await FaultPoint.workerReceived.passed(tile: job.tile)
      logger.debug("predicting tile", metadata: facts.merging(["deliveries": "\(earlier)"]) { $1 })
      let tile = try await predictor.predict(job)
      logger.debug("tile predicted", metadata: facts.merging(["seconds": "\(tile.timings.infer)"]) { $1 })
      return .result(
        TileResult(
          job: job, outcome: .computed(probabilities: tile.probabilities, bytes: tile.bytes), worker: worker,
          engine: tile.engine, timings: tile.timings))
    } catch is CancellationError {
      return .cancelled
    } catch {
      let failure = RunFailure(error)
      if failure.kind == .outOfMemory { heavy.remember(job) }
      logger.error("tile failed", metadata: facts.merging(["reason": "\(failure.reason)"]) { $1 })
      // A message has little room; the log has the whole sentence.
      let reason = String(failure.reason.prefix(600))
      return .result(
        TileResult(job: job, outcome: .failed(kind: failure.kind, reason: reason), worker: worker, engine: ""))
    }
  }

  /// Puts a job back into the queue as if it had never been delivered: as a message of its own, since the broker would count it as
  /// delivered again, and a job that was delivered often is taken for poison.
  private func handBack(_ delivery: Delivery, _ job: TileJob?) async {
    guard var job else { return _ = try? await delivery.putBack() }
    let earlier = delivery.earlierDeliveries + (job.earlierDeliveries ?? 0)
    job.earlierDeliveries = earlier == 0 ? nil : earlier
    do {
      var message = try QueueMessage(job)
      message.trace = delivery.message.trace
      // Of its own, as the calling task may be cancelled.
      let queue = queue
      let published = Task { [message] in try await queue.publish(message, to: .tiles) }
      let limit = Task {
        try await Task.sleep(for: Self.handingBack)
        published.cancel()
      }
      defer { limit.cancel() }
      try await published.value
      try await delivery.acknowledge()
    } catch {
      logger.notice(
        "job not handed back, the broker delivers it again when this process has ended",
        metadata: ["run": "\(job.run)", "tile": "\(job.tile)", "error": "\(error)"])
    }
  }
}

/// How long the next tile of a slot will take, from the one before.
private struct Pace {
  private var last: (document: Digest, seconds: Double)?

  /// Seconds; `nil` where the pass is new to the slot.
  func expected(_ document: Digest) -> Double? { last?.document == document ? last?.seconds : nil }

  mutating func took(_ seconds: Double, _ document: Digest) { last = (document, seconds) }

  /// The pass of which a warning was given.
  private var warned: Digest?

  /// Whether a warning about a pass is the first: one is enough.
  mutating func warnsFirst(_ document: Digest) -> Bool {
    defer { warned = document }
    return warned != document
  }
}
