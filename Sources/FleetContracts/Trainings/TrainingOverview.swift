public import Foundation

/// How the fleet's trainings stand, at one moment.
public struct TrainingOverview: Hashable, Sendable {
  public struct JobCount: Hashable, Sendable {
    public var state: TrainingJobState
    public var count: Int

    public init(state: TrainingJobState, count: Int) {
      self.state = state
      self.count = count
    }
  }

  /// The ledger's time.
  public var at: Date
  /// Jobs of all trainings since the beginning, in the order of the states; only states that occur.
  public var jobs: [JobCount]
  /// Jobs that trainers have, those of the oldest training first; at most `mostJobs`.
  public var inWork: [TrainingJobInWork]
  /// Ready jobs that aren't handed out, as their tenants, or all, are paused.
  public var pausedJobs: Int

  public static let mostJobs = 100

  public init(at: Date, jobs: [JobCount] = [], inWork: [TrainingJobInWork] = [], pausedJobs: Int = 0) {
    self.at = at
    self.jobs = jobs
    self.inWork = inWork
    self.pausedJobs = pausedJobs
  }

  /// Trainers that could work: jobs that they have, that are on their way to one, and that would be handed out to an idle one.
  public var wantedTrainers: Int { count(.ready, .queued, .running) - pausedJobs }

  public func count(_ states: TrainingJobState...) -> Int {
    jobs.reduce(0) { $0 + (states.contains($1.state) ? $1.count : 0) }
  }
}

/// A job of a training that a trainer has.
public struct TrainingJobInWork: Hashable, Sendable {
  /// What its latest epochs have brought.
  public struct Latest: Hashable, Sendable {
    /// Of the last epoch; `nil` for values that weren't finite.
    public var trainingLoss: Double?
    public var validationLoss: Double?
    /// Mean Dice of the foreground classes, 0 to 1.
    public var dice: Double?
    /// The mean of the last `TrainingJobInWork.window` epochs.
    public var epochSeconds: Double
    /// When the last one was reported.
    public var at: Date

    public init(trainingLoss: Double?, validationLoss: Double?, dice: Double?, epochSeconds: Double, at: Date) {
      self.trainingLoss = trainingLoss
      self.validationLoss = validationLoss
      self.dice = dice
      self.epochSeconds = epochSeconds
      self.at = at
    }
  }

  /// Epochs that the speed is taken from.
  public static let window = 5

  public var training: TrainingID
  public var tenant: Tenant
  public var task: String
  /// The name that the best configuration will have.
  public var model: String
  /// The job's position in the training.
  public var job: Int
  public var work: TrainingWork
  /// Epochs that are trained.
  public var epochs: Int
  public var plannedEpochs: Int
  /// How long validation, and predictions for a cascade, will probably take after the last epoch, in seconds; `nil` until its trainer has said.
  public var finalSeconds: Double?
  /// The trainer process.
  public var worker: String
  /// When it was handed out the last time, by the ledger's clock.
  public var handedOutAt: Date?
  /// `nil` before the first epoch's end.
  public var latest: Latest?

  public init(
    training: TrainingID, tenant: Tenant, task: String, model: String, job: Int, work: TrainingWork, epochs: Int,
    plannedEpochs: Int, finalSeconds: Double? = nil, worker: String, handedOutAt: Date? = nil, latest: Latest?
  ) {
    self.training = training
    self.tenant = tenant
    self.task = task
    self.model = model
    self.job = job
    self.work = work
    self.epochs = epochs
    self.plannedEpochs = plannedEpochs
    self.finalSeconds = finalSeconds
    self.worker = worker
    self.handedOutAt = handedOutAt
    self.latest = latest
  }

  /// When it will probably be done: the epochs that are left at the speed of the latest ones, and what its trainer expects to come after them.
  /// They are counted from the last report, or from when the job was handed out again after it. `nil` where that can't be told.
  public func expectedEnd(at now: Date) -> Date? {
    guard let latest, epochs < plannedEpochs || finalSeconds != nil else { return nil }
    let training = Double(max(0, plannedEpochs - epochs)) * latest.epochSeconds
    return max(now, max(latest.at, handedOutAt ?? latest.at) + training + (finalSeconds ?? 0))
  }
}

/// What the ledger tells those who watch trainings. An answer costs the database some milliseconds: callers keep it for a few seconds.
public protocol TrainingObserving: Sendable {
  func trainingOverview() async throws -> TrainingOverview
}
