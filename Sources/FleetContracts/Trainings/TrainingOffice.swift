public import Digests

/// The part of the ledger that keeps trainings: what is to be trained, who has which job, how far each has come.
///
/// Trainers never reach it: a dispatcher publishes its jobs, and an aggregator writes what they report.
public protocol TrainingOffice: Sendable {
  /// Makes a training with all of its jobs. The same key with the same content answers the same training.
  /// - Throws: `TrainingSpecError`, `LedgerError.trainingKeyConflict`.
  func submit(_ spec: TrainingSpec, key: String?, tenant: Tenant) async throws -> TrainingSubmissionReceipt
  func training(_ id: TrainingID) async throws -> TrainingRecord?
  /// The newest first; of one tenant, or of all where it is `nil`.
  func trainings(of tenant: Tenant?, limit: Int) async throws -> [TrainingRecord]
  /// Ends a training that isn't over, and keeps who asked for it.
  /// - Returns: its state from now on; `nil` for an unknown one.
  func cancel(_ training: TrainingID, by operator: String) async throws -> TrainingState?

  /// Takes up again the jobs that have failed or were cancelled, and those that were skipped for them (`TrainingBoard.retry`), and keeps who
  /// asked for it. Doesn't look whether what they are trained on is still there: `retry(_:by:dataIn:)` does.
  /// - Returns: their positions, none where nothing has failed; `nil` for an unknown training.
  func retry(_ training: TrainingID, by operator: String) async throws -> [Int]?

  /// Hands out up to `idle` jobs of the backlog, those of the oldest training first, beside those that are on their way already; none of a
  /// tenant that is paused.
  /// - Parameters:
  ///   - lease: how long a trainer may be silent.
  ///   - claim: for how long the returned jobs are the caller's to publish.
  /// - Returns: everything that is to be published.
  func claimTrainingJobs(idle: Int, lease: Duration, claim: Duration) async throws -> [DueTrainingJob]
  /// They are published (confirmed by the broker). Not calling this publishes them again: harmless.
  func markPublished(_ jobs: [DueTrainingJob]) async throws

  /// Takes what a trainer has said. Taking it again is harmless.
  /// - Parameter models: what the report's job has chosen; registered in the same transaction if the report is accepted, and not otherwise: a
  ///   training that was cancelled leaves no model.
  func record(_ report: TrainingReport, registering models: [ModelRecord]) async throws -> TrainingReceipt
  /// Puts jobs back whose trainers have been silent for too long, and, when `queuedAreLost`, those that were published longer ago than
  /// `overdue` and that nobody has begun.
  /// - Returns: how many.
  func requeueLostTrainingJobs(queuedAreLost: Bool, overdue: Duration) async throws -> Int

  /// What the epochs of a training have brought, by job and epoch.
  func curves(of training: TrainingID) async throws -> [TrainingCurvePoint]

  /// Checkpoints that a later one, or the job's result, has made needless for longer than `age`, the oldest first.
  func supersededCheckpoints(olderThan age: Duration, limit: Int) async throws -> [SupersededCheckpoint]
  /// They aren't in the store any more.
  func noteRemoved(_ checkpoints: [SupersededCheckpoint]) async throws
}

extension TrainingOffice {
  /// The newest first, of all tenants.
  public func trainings(limit: Int) async throws -> [TrainingRecord] { try await trainings(of: nil, limit: limit) }

  /// Takes what a trainer has said that brings no model.
  public func record(_ report: TrainingReport) async throws -> TrainingReceipt {
    try await record(report, registering: [])
  }
}

public struct TrainingSubmissionReceipt: Hashable, Sendable {
  public var training: TrainingID
  /// Whether this submission made it.
  public var isNew: Bool

  public init(training: TrainingID, isNew: Bool) {
    self.training = training
    self.isNew = isNew
  }
}

/// An epoch of a job.
public struct TrainingCurvePoint: Hashable, Sendable {
  /// The job's position.
  public var job: Int
  public var epoch: TrainingEpoch
  public var attempt: Int
  public var worker: String

  public init(job: Int, epoch: TrainingEpoch, attempt: Int, worker: String) {
    self.job = job
    self.epoch = epoch
    self.attempt = attempt
    self.worker = worker
  }
}

/// A checkpoint that nobody needs any more.
public struct SupersededCheckpoint: Hashable, Sendable {
  public var training: TrainingID
  /// The job's position.
  public var job: Int
  /// Epochs behind it.
  public var epochs: Int
  /// The folder's manifest.
  public var checkpoint: Digest

  public init(training: TrainingID, job: Int, epochs: Int, checkpoint: Digest) {
    self.training = training
    self.job = job
    self.epochs = epochs
    self.checkpoint = checkpoint
  }
}

extension TrainingSpec {
  /// What two submissions with one key must agree in.
  public var contentDigest: Digest { get throws { Digest(of: try MessageCoding.encode(self)) } }
}
