public import Digests
public import Foundation

/// A job of a training, as the ledger has it. Times are the ledger's clock.
public struct TrainingJobRecord: Hashable, Sendable {
  /// Its place in the training, from 0.
  public var position: Int
  public var work: TrainingWork
  /// Positions of the jobs that must be done before.
  public var needs: [Int]
  public var state: TrainingJobState
  /// How often it was handed out; reports of an earlier attempt are refused.
  public var attempt: Int
  /// Attempts that ended badly since the last new checkpoint.
  public var setbacks: Int
  /// Epochs that were trained, of the present attempt's course.
  public var epochs: Int
  /// The last accepted checkpoint: the fold's folder in the store, as a folder's manifest.
  public var checkpoint: Digest?
  /// Epochs that the checkpoint has behind it.
  public var checkpointEpochs: Int
  /// How long validation, and predictions for a cascade, will probably take after the last epoch, in seconds; `nil` until a trainer has said.
  public var finalSeconds: Double?
  /// The finished fold's folder, as a folder's manifest; of the selection, the document that says what was chosen.
  public var result: Digest?
  /// The trainer that has it, or had it last.
  public var worker: String?
  /// How long the trainer may be silent.
  public var lease: Duration
  /// Until when it is the trainer's; `nil` when it is nobody's.
  public var leaseEnd: Date?
  /// It isn't handed out before.
  public var notBefore: Date?
  /// Until when a dispatcher has it in hand to publish it.
  public var claimedUntil: Date?
  public var publishedAt: Date?
  public var startedAt: Date?
  public var finishedAt: Date?
  public var failure: RunFailure?

  public init(
    position: Int, work: TrainingWork, needs: [Int], state: TrainingJobState, attempt: Int = 0, setbacks: Int = 0,
    epochs: Int = 0, checkpoint: Digest? = nil, checkpointEpochs: Int = 0, finalSeconds: Double? = nil,
    result: Digest? = nil, worker: String? = nil, lease: Duration = .seconds(60), leaseEnd: Date? = nil,
    notBefore: Date? = nil,
    claimedUntil: Date? = nil, publishedAt: Date? = nil, startedAt: Date? = nil, finishedAt: Date? = nil,
    failure: RunFailure? = nil
  ) {
    self.position = position
    self.work = work
    self.needs = needs
    self.state = state
    self.attempt = attempt
    self.setbacks = setbacks
    self.epochs = epochs
    self.checkpoint = checkpoint
    self.checkpointEpochs = checkpointEpochs
    self.finalSeconds = finalSeconds
    self.result = result
    self.worker = worker
    self.lease = lease
    self.leaseEnd = leaseEnd
    self.notBefore = notBefore
    self.claimedUntil = claimedUntil
    self.publishedAt = publishedAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.failure = failure
  }
}

/// A training as the ledger has it.
public struct TrainingRecord: Hashable, Sendable {
  public var id: TrainingID
  public var tenant: Tenant
  public var spec: TrainingSpec
  public var key: String?
  public var board: TrainingBoard
  public var submittedAt: Date
  public var finishedAt: Date?
  /// Cancels and retries, in their order.
  public var acts: [TrainingAct]

  public init(
    id: TrainingID, tenant: Tenant, spec: TrainingSpec, key: String?, board: TrainingBoard, submittedAt: Date,
    finishedAt: Date? = nil, acts: [TrainingAct] = []
  ) {
    self.id = id
    self.tenant = tenant
    self.spec = spec
    self.key = key
    self.board = board
    self.submittedAt = submittedAt
    self.finishedAt = finishedAt
    self.acts = acts
  }

  public var state: TrainingState { board.state }
  public var jobs: [TrainingJobRecord] { board.jobs }
}
