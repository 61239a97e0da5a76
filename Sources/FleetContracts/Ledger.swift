public import Digests

/// The truth about all runs. Each function is one transaction; whatever crashes in between, the ledger stays consistent.
///
/// Work is *claimed* with a lease: a claim that isn't renewed in time falls to the next one who asks, with a higher epoch, and
/// whatever the former holder then tries to write is refused (`LedgerError.fenced`). Leases are measured by the ledger's clock.
/// An implementation waits through a short outage of its database and tries again; a transaction whose fate is unknown is safe
/// to repeat, because each of them is idempotent.
public protocol Ledger:
  RunCancelling, WorkForecasting, WorkerRoster, JustInTimeDispatching, WorkPausing, OverdueTiles, QueueLooking,
  RunHistories,
  FleetObserving, ThroughputObserving, RunEvidences, DeadLetterOffice, WorkerQuarantine, StragglerHedging, EventLog,
  WebhookOffice,
  AccessTokenKeeping, RunListing, BlobRetention, LabelDetailReading, ComparisonRecording, LedgerUpkeep, TrainingOffice,
  TrainingObserving
{
  // MARK: Models

  /// Registers a model. The same name with the same digest is harmless; with another digest the name moves on to the new
  /// model, and earlier runs keep theirs.
  func register(_ model: ModelRecord) async throws
  func model(named name: String) async throws -> ModelRecord?
  func models() async throws -> [ModelRecord]
  /// Takes a model's name away; runs that were submitted keep the model, and so do its other names. Nothing happens when no model has
  /// the name.
  func forget(modelNamed name: String) async throws

  // MARK: Submitting and looking

  /// Makes a run in state `submitted`.
  /// - Throws: `LedgerError.keyConflict` when the key was used for other content, `.unknownModel`.
  func submit(_ submission: Submission) async throws -> SubmissionReceipt
  func run(_ id: RunID) async throws -> RunRecord?
  /// The newest runs first.
  func runs(limit: Int) async throws -> [RunRecord]

  // MARK: Dispatching

  /// Prolongs the lease from now.
  /// - Throws: `LedgerError.fenced` when the claim has passed to another.
  func renew(_ claim: RunClaim, lease: Duration) async throws
  /// Hands the claim back at once, so that nobody waits for the lease. Does nothing when it has passed to another.
  func release(_ claim: RunClaim) async throws
  /// Writes the pass in work and its tiles; the run is `predicting`.
  /// - Throws: `LedgerError.fenced`.
  func plan(_ pass: PassPlan, of claim: RunClaim) async throws
  /// Ends the run as `failed`.
  /// - Throws: `LedgerError.fenced`.
  func fail(_ claim: RunClaim, _ failure: RunFailure) async throws

  /// Messages to publish; for the length of `lease` nobody else gets them.
  func claimOutbox(limit: Int, lease: Duration) async throws -> [OutboxMessage]
  /// They are published (confirmed by the broker). Not calling this publishes them again after the lease: harmless.
  func markPublished(_ messages: [OutboxMessage]) async throws

  // MARK: Aggregating

  /// Takes tile results, all of them or, when it throws, none, and answers each. A computed one is accepted once; the last one makes the
  /// run `stitching`. A failed one puts the tile back into the backlog after a pause, or, when its attempts are used up or the failure is
  /// final, makes tile dead and run failed. Of the results of one call, the computed ones are looked at first.
  ///
  /// Only attempts that failed are held against a tile (`RetryPolicy`), not those that went missing, and each of them once.
  func record(_ results: [TileResult]) async throws -> [TileReceipt]
  /// The oldest run that waits to be stitched (or whose stitcher's lease is over), now the caller's.
  func claimStitch(owner: String, lease: Duration) async throws -> StitchClaim?
  /// Notes what became of the pass in work, which isn't the last; the run is `continuing`.
  /// - Throws: `LedgerError.fenced`.
  func completePass(_ claim: RunClaim, _ outcome: PassOutcome) async throws
  /// Ends the run as `completed` with its results.
  /// - Throws: `LedgerError.fenced`.
  func complete(_ claim: RunClaim, _ outcome: RunOutcome) async throws

  /// Closes connections.
  func close() async
}

extension Ledger {
  /// Takes one tile result.
  public func record(_ result: TileResult) async throws -> TileReceipt {
    guard let receipt = try await record([result]).first else { return .stale }
    return receipt
  }
}

/// The right to work on a run, until the lease ends.
public struct RunClaim: Hashable, Sendable {
  public var run: RunRecord
  /// Grows with each claim; writing with an old one is refused.
  public var epoch: Int

  public init(run: RunRecord, epoch: Int) {
    self.run = run
    self.epoch = epoch
  }
}

/// What a dispatcher has made of a run.
public struct PassPlan: Hashable, Sendable {
  public var id: PassID
  /// The blob that says what to compute (`PassDocument`).
  public var document: Digest
  /// Tiles are numbered in plan order from 0.
  public var tiles: Int
  /// Floating-point operations that each tile will take, all folds and mirrorings; 0 where that isn't known.
  public var tileOperations: Double
  /// Steps done so far, such as `read` and `preprocess`.
  public var timings: [StepTiming]
  /// The share of tiles, chosen at random, that are taken only when two workers agree in them; 0 to 1.
  public var canaryShare: Double

  public init(
    id: PassID = PassID(), document: Digest, tiles: Int, tileOperations: Double = 0, timings: [StepTiming] = [],
    canaryShare: Double = 0
  ) {
    self.id = id
    self.document = document
    self.tiles = tiles
    self.tileOperations = tileOperations
    self.timings = timings
    self.canaryShare = canaryShare
  }
}

/// A message that waits to be published.
public struct OutboxMessage: Hashable, Sendable {
  public var id: Int64
  public var queue: QueueName
  public var message: QueueMessage

  public init(id: Int64, queue: QueueName, message: QueueMessage) {
    self.id = id
    self.queue = queue
    self.message = message
  }
}

/// What became of a tile result.
public enum TileReceipt: Hashable, Sendable {
  /// The first result of this tile. `completesPass`: it was the last one missing.
  case accepted(completesPass: Bool)
  /// The tile had this very result already.
  case duplicate
  /// The tile has a result of another engine, or for good, with another digest: the first one stays.
  case conflict(accepted: Digest)
  /// Results of one tile and engine differ: further workers compute it until most agree (`Arbitration`).
  case disputed
  /// The result is taken when another worker agrees in it.
  case awaitsAgreement
  /// The worker is quarantined: its result isn't taken.
  case refused
  /// The run is over, the result belongs to an earlier epoch or to nobody's pass, or it is a failure of a tile that has a result.
  case stale
  /// The failure is noted and the tile will be tried again.
  case willRetry
  /// The failure is final: the run has failed.
  case dead
}

/// The right to stitch a run, with all that is needed for it.
public struct StitchClaim: Hashable, Sendable {
  public var claim: RunClaim
  public var pass: PassID
  public var document: Digest
  /// The accepted probabilities of each tile, in plan order.
  public var tiles: [Digest]
  /// Steps of the pass done so far.
  public var timings: [StepTiming]
  /// Sum of the seconds that workers spent in the network.
  public var inferSeconds: Double
  /// Engines that computed the tiles, sorted, without repeats.
  public var engines: [String]

  public init(
    claim: RunClaim, pass: PassID, document: Digest, tiles: [Digest], timings: [StepTiming], inferSeconds: Double,
    engines: [String]
  ) {
    self.claim = claim
    self.pass = pass
    self.document = document
    self.tiles = tiles
    self.timings = timings
    self.inferSeconds = inferSeconds
    self.engines = engines
  }
}

public enum LedgerError: Error, Hashable, CustomStringConvertible {
  case keyConflict(key: String, run: RunID)
  case trainingKeyConflict(key: String, training: TrainingID)
  case unknownModel(String)
  /// The claim has passed to another holder.
  case fenced(RunID)
  case unavailable(String)
  case notMigrated(String)

  public var description: String {
    switch self {
    case .keyConflict(let key, let run):
      "The key \"\(key)\" belongs to run \(run), which was submitted with other images, model or options; use a new key for a new study."
    case .trainingKeyConflict(let key, let training):
      "The key \"\(key)\" belongs to training \(training), which was submitted with other data, configurations or options; use a new key for a new training."
    case .unknownModel(let name):
      "No model \(name) is registered; `tessera model list` shows those that are, `tessera model add DIR --name NAME` adds one."
    case .fenced(let run):
      "Run \(run) was cancelled or has passed to another process while this one worked on it; its result is not needed."
    case .unavailable(let reason): "The ledger can't be reached: \(reason)"
    case .notMigrated(let reason): "The ledger's schema doesn't fit this program: \(reason)."
    }
  }
}
