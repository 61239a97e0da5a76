public import FleetContracts
internal import Logging

/// The dispatcher's part in trainings: hands jobs to idle trainers, and finds those that got lost.
///
/// A trainer that works isn't a consumer, so the broker never holds more jobs than trainers are idle: the backlog waits in the ledger.
public struct TrainingDispatch: Sendable {
  private let ledger: any Ledger
  private let queue: any JobQueue
  private let store: any BlobStore
  /// How long a trainer may be silent.
  private let lease: Duration

  public init(ledger: any Ledger, queue: any JobQueue, store: any BlobStore, lease: Duration) {
    self.ledger = ledger
    self.queue = queue
    self.store = store
    self.lease = lease
  }

  /// - Parameter claim: for how long nobody else publishes the same.
  func dispatch(claim: Duration) async throws -> Int {
    guard let status = await queue.status(of: .trainings) else { return 0 }
    let due = try await ledger.claimTrainingJobs(
      idle: max(0, status.consumers - status.ready), lease: lease, claim: claim)
    for job in due {
      let document = try await store.put(try TrainingDocument(job).encoded())
      let message = TrainingJob(
        training: job.training, job: job.job.position, attempt: job.job.attempt,
        leaseSeconds: job.job.lease / .seconds(1), document: document)
      try await queue.publish(try QueueMessage(message), to: .trainings)
      try await ledger.markPublished([job])
    }
    return due.count
  }

  /// What is lost can be told only while trainers can be heard: as long as the broker is away, or reports wait to be read, nobody's lease
  /// ends. Once all is well again each trainer has a whole lease for its next word.
  struct Hearing {
    private var since: ContinuousClock.Instant?

    /// - Returns: whether everybody has had the chance to be heard.
    mutating func note(isClear: Bool, at now: ContinuousClock.Instant, lease: Duration) -> Bool {
      guard isClear else {
        since = nil
        return false
      }
      let begun = since ?? now
      since = begun
      return now - begun >= lease
    }
  }

  func reconcile(_ hearing: inout Hearing, overdue: Duration) async throws -> Int {
    let reports = await queue.status(of: .trainingReports)
    let jobs = await queue.status(of: .trainings)
    let isClear = (reports.map { $0.ready == 0 && $0.consumers > 0 } ?? false) && jobs != nil
    guard hearing.note(isClear: isClear, at: .now, lease: lease) else { return 0 }
    return try await ledger.requeueLostTrainingJobs(queuedAreLost: jobs?.ready == 0, overdue: overdue)
  }
}
