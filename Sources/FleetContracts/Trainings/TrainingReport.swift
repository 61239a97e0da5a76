public import Digests

/// What a trainer says of the job that it has. Schema: `Schemas/training-report.v1.json`.
///
/// Each report renews the job's lease. Reports of an earlier attempt, or of another trainer than the one that began first, change nothing.
public struct TrainingReport: Hashable, Sendable {
  public static let type = "tessera.training-report.v1"

  public enum News: Hashable, Sendable {
    /// It has the job and begins.
    case begun
    case alive
    /// An epoch is over. `checkpoint`: the fold's folder after it, in the store; `nil` where none was kept.
    case epoch(TrainingEpoch, checkpoint: Digest?)
    /// It was asked to stop, and hands the job back; with a checkpoint that has `epochs` epochs behind it, where there is one.
    case returned(checkpoint: Digest?, epochs: Int?)
    case done(result: Digest)
    case failed(kind: FailureKind, reason: String)
  }

  public var version = 1
  public var training: TrainingID
  /// The job's position in the training.
  public var job: Int
  public var attempt: Int
  /// The trainer process, such as `host-4711`.
  public var worker: String
  public var news: News

  /// More of a reason isn't sent, in characters.
  public static let longestReason = 600

  public init(training: TrainingID, job: Int, attempt: Int, worker: String, news: News) {
    self.training = training
    self.job = job
    self.attempt = attempt
    self.worker = worker
    if case .failed(let kind, let reason) = news {
      self.news = .failed(kind: kind, reason: String(reason.prefix(Self.longestReason)))
    } else {
      self.news = news
    }
  }

  /// Of a job in hand.
  public init(_ job: TrainingJob, worker: String, _ news: News) {
    self.init(training: job.training, job: job.job, attempt: job.attempt, worker: worker, news: news)
  }
}

/// What came out of an epoch. Values that aren't finite are left out.
public struct TrainingEpoch: Hashable, Sendable, Codable {
  /// From 0.
  public var epoch: Int
  /// Mean over the epoch's batches.
  public var trainingLoss: Double?
  public var validationLoss: Double?
  /// Mean Dice of the foreground classes in the validation's patches, 0 to 1.
  public var dice: Double?
  public var learningRate: Double?
  /// How long it took.
  public var seconds: Double
  /// How long validation, and predictions for a cascade, will probably take after the last epoch, in seconds; `nil` where nothing is to come.
  public var finalSeconds: Double?

  public init(
    epoch: Int, trainingLoss: Double?, validationLoss: Double?, dice: Double?, learningRate: Double?, seconds: Double,
    finalSeconds: Double? = nil
  ) {
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    self.epoch = epoch
    self.trainingLoss = finite(trainingLoss)
    self.validationLoss = finite(validationLoss)
    self.dice = finite(dice)
    self.learningRate = finite(learningRate)
    self.seconds = seconds
    self.finalSeconds = finite(finalSeconds)
  }
}

/// What became of a report.
public enum TrainingReceipt: Hashable, Sendable {
  case accepted
  /// The job has this result already.
  case duplicate
  /// The job has gone to another, or is over: whoever reports may stop.
  case stale
  /// There is no such job.
  case unknown
}

extension TrainingReport: Codable {
  private enum CodingKeys: String, CodingKey {
    case version, training, job, attempt, worker, kind, epoch, checkpoint, checkpointEpochs, result, failureKind, reason
  }
  private enum Kind: String, Codable { case begun, alive, epoch, returned, done, failed }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(Int.self, forKey: .version)
    training = try container.decode(TrainingID.self, forKey: .training)
    job = try container.decode(Int.self, forKey: .job)
    attempt = try container.decode(Int.self, forKey: .attempt)
    worker = try container.decode(String.self, forKey: .worker)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .begun: news = .begun
    case .alive: news = .alive
    case .epoch:
      let epoch = try container.decode(TrainingEpoch.self, forKey: .epoch)
      guard epoch.epoch >= 0, epoch.epoch < Self.mostEpochs, epoch.seconds >= 0,
        (0..<Self.mostSeconds).contains(epoch.finalSeconds ?? 0)
      else {
        throw DecodingError.dataCorruptedError(
          forKey: .epoch, in: container, debugDescription: "no epoch has that number, or takes so long")
      }
      news = .epoch(epoch, checkpoint: try container.decodeIfPresent(Digest.self, forKey: .checkpoint))
    case .returned:
      news = .returned(
        checkpoint: try container.decodeIfPresent(Digest.self, forKey: .checkpoint),
        epochs: try container.decodeIfPresent(Int.self, forKey: .checkpointEpochs))
    case .done: news = .done(result: try container.decode(Digest.self, forKey: .result))
    case .failed:
      news = .failed(
        kind: try container.decode(FailureKind.self, forKey: .failureKind),
        reason: String(try container.decode(String.self, forKey: .reason).prefix(Self.longestReason)))
    }
  }

  /// What comes in a message may be anything.
  private static let mostEpochs = 1 << 30
  private static let mostSeconds = 1e9

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(training, forKey: .training)
    try container.encode(job, forKey: .job)
    try container.encode(attempt, forKey: .attempt)
    try container.encode(worker, forKey: .worker)
    let kind: Kind
    switch news {
    case .begun: kind = .begun
    case .alive: kind = .alive
    case .epoch(let epoch, let checkpoint):
      kind = .epoch
      try container.encode(epoch, forKey: .epoch)
      try container.encodeIfPresent(checkpoint, forKey: .checkpoint)
    case .returned(let checkpoint, let epochs):
      kind = .returned
      try container.encodeIfPresent(checkpoint, forKey: .checkpoint)
      try container.encodeIfPresent(epochs, forKey: .checkpointEpochs)
    case .done(let result):
      kind = .done
      try container.encode(result, forKey: .result)
    case .failed(let failure, let reason):
      kind = .failed
      try container.encode(failure, forKey: .failureKind)
      try container.encode(reason, forKey: .reason)
    }
    try container.encode(kind, forKey: .kind)
  }
}
