public import Digests

/// Work for a trainer: a fold, or the choice among all. Schema: `Schemas/training-job.v1.json`.
public struct TrainingJob: Hashable, Sendable, Codable {
  public static let type = "tessera.training-job.v1"

  public var version = 1
  public var training: TrainingID
  /// The job's position in the training.
  public var job: Int
  /// Counted by the ledger: 1 for the first time.
  public var attempt: Int
  /// Seconds that the trainer may be silent before the job is given to another.
  public var leaseSeconds: Double
  /// The blob that says what to do: what is trained, from which checkpoint, on which results.
  public var document: Digest

  public init(training: TrainingID, job: Int, attempt: Int, leaseSeconds: Double, document: Digest) {
    self.training = training
    self.job = job
    self.attempt = attempt
    self.leaseSeconds = leaseSeconds
    self.document = document
  }
}

/// A job that the ledger wants published.
public struct DueTrainingJob: Hashable, Sendable {
  /// A finished job that the due one goes on with.
  public struct Input: Hashable, Sendable, Codable {
    public var work: TrainingWork
    public var result: Digest

    public init(work: TrainingWork, result: Digest) {
      self.work = work
      self.result = result
    }
  }

  public var training: TrainingID
  public var spec: TrainingSpec
  public var job: TrainingJobRecord
  /// Results of what the job needs, in their order.
  public var inputs: [Input]

  public init(training: TrainingID, spec: TrainingSpec, job: TrainingJobRecord, on board: TrainingBoard) {
    self.training = training
    self.spec = spec
    self.job = job
    inputs = job.needs.compactMap { need in
      board.jobs[need].result.map { Input(work: board.jobs[need].work, result: $0) }
    }
  }
}
