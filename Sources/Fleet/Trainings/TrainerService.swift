public import FleetContracts
public import Foundation
public import Logging
public import ServiceLifecycle
internal import Synchronization
internal import Threads

/// A trainer: takes one job at a time, trains on a thread of its own, and reports.
///
/// A job is acknowledged when its trainer's first report is with the broker: from then on the ledger's lease keeps it, not the broker, which
/// waits for no acknowledgement for days. Asked to stop, a trainer saves its state, hands the job back and ends; killed, it falls silent, and
/// another goes on from its last checkpoint.
public struct TrainerService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "trainer" }

  private let queue: any JobQueue
  private let store: any BlobStore
  private let performer: any TrainingPerforming
  private let name: String
  /// Preprocessed tasks stay there for later jobs.
  private let cache: URL
  private let logger: Logger

  public init(
    queue: any JobQueue, store: any BlobStore, performer: any TrainingPerforming, name: String, cache: URL,
    logger: Logger
  ) {
    self.queue = queue
    self.store = store
    self.performer = performer
    self.name = name
    self.cache = cache
    self.logger = logger
  }

  public func run() async throws {
    try await queue.prepare()
    let announcements = try await queue.announcements()
    let stop = TrainerStop()
    logger.info("trainer started", metadata: ["worker": "\(name)"])
    let ending = await withTaskGroup(of: Void.self, returning: Result<Void, any Error>.self) { group in
      group.addTask { for await announcement in announcements { stop.hear(announcement, worker: name) } }
      defer { group.cancelAll() }
      do {
        try await withGracefulShutdownHandler {
          while Pausing.goesOn { try await workOnce(stop) }
        } onGracefulShutdown: {
          stop.drain()
        }
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    logger.info("trainer stopped", metadata: ["worker": "\(name)"])
    try ending.get()
  }

  private func workOnce(_ stop: TrainerStop) async throws {
    let subscription = try await queue.subscribe(to: .trainings, prefetch: 1)
    let delivery = try await withGracefulShutdownHandler {
      try await subscription.next()
    } onGracefulShutdown: {
      Task { await subscription.cancel() }
    }
    // While it works it takes no other job, and isn't counted as idle.
    await subscription.cancel()
    guard let delivery else { return }
    guard Pausing.goesOn else {
      try? await delivery.putBack()
      return
    }
    let job: TrainingJob
    do {
      job = try delivery.message.trainingJob()
    } catch {
      logger.error(
        "unreadable training job goes to the dead letters",
        metadata: ["message_id": "\(delivery.message.id)", "error": "\(error)"])
      try? await delivery.reject()
      return
    }
    let reporter = TrainingReporter(job, worker: name, queue: queue)
    try await reporter.send(.begun)
    try? await delivery.acknowledge()  // one that comes again, elsewhere too, is refused by the ledger
    await perform(job, reporter, stop)
  }

  private func perform(_ job: TrainingJob, _ reporter: TrainingReporter, _ stop: TrainerStop) async {
    stop.begin(job)
    var logger = logger
    logger[metadataKey: "training"] = "\(job.training)"
    logger[metadataKey: "job"] = "\(job.job)"
    logger[metadataKey: "attempt"] = "\(job.attempt)"
    logger.info("training job begun")
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [logger] in
        do { try await reporter.run() } catch is CancellationError {} catch {
          logger.warning("reports can't be sent", metadata: ["error": "\(error)"])
        }
      }
      let run = TrainerRun(
        job: job, store: store, performer: performer, cache: cache, reporter: reporter, stop: stop, logger: logger)
      let last = await run.outcome()
      if let last { reporter.add(last) }
      reporter.finish()
      await group.waitForAll()
    }
    logger.info("training job left")
  }
}

/// Why a trainer should leave its job: it was asked to stop, or the job isn't its own any more.
final class TrainerStop: Sendable {
  private struct State {
    var isDraining = false
    var job: TrainingJob?
    var isFenced = false
  }

  private let state = Mutex(State())

  func begin(_ job: TrainingJob) {
    state.withLock { state in
      state.job = job
      state.isFenced = false
    }
  }

  func drain() { state.withLock { $0.isDraining = true } }

  func hear(_ announcement: Announcement, worker name: String) {
    guard case .trainingStopped(let training, let job, let attempt, let worker) = announcement, worker == name else {
      return
    }
    state.withLock { state in
      guard let own = state.job, own.training == training, own.job == job, own.attempt <= attempt else { return }
      state.isFenced = true
    }
  }

  var isFenced: Bool { state.withLock { $0.isFenced } }
  var shouldStop: Bool { state.withLock { $0.isFenced || $0.isDraining } }
}
