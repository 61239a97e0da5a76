public import FleetContracts
public import Logging
internal import ServiceLifecycle

/// The aggregator's part in trainings: writes what trainers report into the ledger, and registers the model that was chosen.
public struct TrainingKeeper: Sendable {
  /// Reports in hand at once.
  private static let prefetch = 64

  private let ledger: any Ledger
  private let queue: any JobQueue
  private let store: any BlobStore
  private let pause: Duration
  private let logger: Logger

  /// - Parameter pause: after a report that couldn't be written.
  public init(
    ledger: any Ledger, queue: any JobQueue, store: any BlobStore, pause: Duration = .milliseconds(500), logger: Logger
  ) {
    self.ledger = ledger
    self.queue = queue
    self.store = store
    self.pause = pause
    self.logger = logger
  }

  func run() async throws {
    let subscription = try await queue.subscribe(to: .trainingReports, prefetch: Self.prefetch)
    try await withGracefulShutdownHandler {
      while let delivery = try await subscription.next() { await handle(delivery) }
    } onGracefulShutdown: {
      Task { await subscription.cancel() }
    }
  }

  private func handle(_ delivery: Delivery) async {
    let report: TrainingReport
    do {
      report = try delivery.message.trainingReport()
    } catch {
      logger.error(
        "unreadable training report goes to the dead letters",
        metadata: ["message_id": "\(delivery.message.id)", "error": "\(error)"])
      try? await delivery.reject()
      return
    }
    do {
      let (report, models) = try await withModels(report)
      let receipt = try await ledger.record(report, registering: models)
      await follow(receipt, of: report)
    } catch {
      logger.warning(
        "training report not recorded",
        metadata: ["training": "\(report.training)", "job": "\(report.job)", "error": "\(error)"])
      try? await delivery.putBack()
      await Pausing.pause(pause)
      return
    }
    try? await delivery.acknowledge()
  }

  /// The report with what a selection has chosen. A choice that can't be read is a failure of the job.
  private func withModels(_ report: TrainingReport) async throws -> (TrainingReport, [ModelRecord]) {
    guard case .done(let result) = report.news,
      let record = try await ledger.training(report.training), record.jobs.indices.contains(report.job),
      record.jobs[report.job].work == .selection, record.jobs[report.job].attempt == report.attempt,
      !record.jobs[report.job].state.isFinal
    else { return (report, []) }
    do {
      return (report, try await TrainingChoice.get(result, from: store).models)
    } catch let error where error is RunFailure || error is BlobStoreError {
      let failure = RunFailure(error)
      guard failure.kind != .transient else { throw error }
      var failed = report
      failed.news = .failed(kind: failure.kind, reason: failure.reason)
      return (failed, [])
    }
  }

  private func follow(_ receipt: TrainingReceipt, of report: TrainingReport) async {
    let facts: Logger.Metadata = [
      "training": "\(report.training)", "job": "\(report.job)", "attempt": "\(report.attempt)",
      "worker": "\(report.worker)",
    ]
    switch receipt {
    case .accepted: log(report, facts)
    case .duplicate: logger.debug("duplicate training report dropped", metadata: facts)
    case .stale, .unknown:
      logger.notice("late training report dropped", metadata: facts)
      switch report.news {
      case .begun, .alive, .epoch:
        // Whoever doesn't hear it says something again soon, and is told again.
        try? await queue.announce(
          .trainingStopped(
            training: report.training, job: report.job, attempt: report.attempt, worker: report.worker))
      case .returned, .done, .failed: break
      }
    }
  }

  private func log(_ report: TrainingReport, _ facts: Logger.Metadata) {
    switch report.news {
    case .alive: break
    case .begun: logger.info("training job begun", metadata: facts)
    case .epoch(let epoch, _):
      logger.info("epoch trained", metadata: facts.merging(["epoch": "\(epoch.epoch)"]) { $1 })
    case .returned: logger.notice("training job handed back", metadata: facts)
    case .done: logger.info("training job done", metadata: facts)
    case .failed(let kind, let reason):
      logger.error(
        "training job failed", metadata: facts.merging(["kind": "\(kind.rawValue)", "reason": "\(reason)"]) { $1 })
    }
  }
}
