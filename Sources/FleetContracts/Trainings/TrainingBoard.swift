public import Digests
public import Foundation

/// How far a training has come: its state and its jobs. Takes the steps of `TrainingJobState.steps` and no others.
///
/// A value without clock or storage: both ledgers load it, change it and write back what has changed, so they can't decide differently.
/// Whoever changes it brings the ledger's time.
public struct TrainingBoard: Hashable, Sendable {
  public private(set) var state: TrainingState
  /// By position.
  public private(set) var jobs: [TrainingJobRecord]

  /// As the ledger has it.
  public init(state: TrainingState, jobs: [TrainingJobRecord]) {
    self.state = state
    self.jobs = jobs
  }

  /// A training that was just submitted.
  public init(_ spec: TrainingSpec) {
    state = .running
    jobs = spec.jobs.enumerated().map { position, job in
      TrainingJobRecord(
        position: position, work: job.work, needs: job.needs, state: job.needs.isEmpty ? .ready : .waiting)
    }
  }

  // MARK: Dispatching

  /// Hands out jobs of the backlog, the first ones first.
  /// - Parameter lease: how long each may be silent once it was begun.
  /// - Returns: how many.
  public mutating func queue(atMost limit: Int, lease: Duration, at now: Date) throws(IllegalTransition) -> Int {
    guard state == .running else { return 0 }
    var count = 0
    for index in jobs.indices where count < limit {
      guard jobs[index].state == .ready, (jobs[index].notBefore ?? .distantPast) <= now else { continue }
      try jobs[index].state.take(.queue)
      jobs[index].attempt += 1
      jobs[index].lease = lease
      jobs[index].epochs = jobs[index].checkpointEpochs
      jobs[index].worker = nil
      jobs[index].notBefore = nil
      jobs[index].publishedAt = nil
      jobs[index].claimedUntil = nil
      count += 1
    }
    return count
  }

  /// Jobs that are to be published and that nobody else publishes at present; they are the caller's for `claim`.
  public mutating func claimUnpublished(for claim: Duration, at now: Date) -> [TrainingJobRecord] {
    let due = jobs.indices.filter { index in
      jobs[index].state == .queued && jobs[index].publishedAt == nil
        && (jobs[index].claimedUntil ?? .distantPast) <= now
    }
    for index in due { jobs[index].claimedUntil = now.addingTimeInterval(claim / .seconds(1)) }
    return due.map { jobs[$0] }
  }

  /// The broker has confirmed it. Nothing happens when the job has gone on meanwhile.
  public mutating func markPublished(_ position: Int, attempt: Int, at now: Date) {
    guard jobs.indices.contains(position), jobs[position].state == .queued, jobs[position].attempt == attempt,
      jobs[position].publishedAt == nil
    else { return }
    jobs[position].publishedAt = now
    jobs[position].claimedUntil = nil
  }

  // MARK: Reports

  /// What a trainer has said.
  public mutating func take(
    _ report: TrainingReport, at now: Date
  ) throws(IllegalTransition) -> TrainingReceipt {
    let index = report.job
    guard jobs.indices.contains(index) else { return .unknown }
    let job = jobs[index]
    if case .done(let result) = report.news, job.state == .done, job.attempt == report.attempt, job.result == result {
      return .duplicate
    }
    guard job.attempt == report.attempt else { return .stale }
    switch job.state {
    case .queued:
      try jobs[index].state.take(.begin)
      jobs[index].worker = report.worker
      jobs[index].startedAt = job.startedAt ?? now
      jobs[index].claimedUntil = nil
      jobs[index].publishedAt = job.publishedAt ?? now
    case .running:
      guard job.worker == report.worker else { return .stale }
    default: return .stale
    }
    jobs[index].leaseEnd = now.addingTimeInterval(job.lease / .seconds(1))
    switch report.news {
    case .begun, .alive: break
    case .epoch(let epoch, let checkpoint):
      jobs[index].epochs = max(job.epochs, epoch.epoch + 1)
      if let seconds = epoch.finalSeconds { jobs[index].finalSeconds = seconds }
      if let checkpoint { keep(checkpoint, epochs: epoch.epoch + 1, of: index) }
    case .returned(let checkpoint, let epochs):
      if let checkpoint, let epochs { keep(checkpoint, epochs: epochs, of: index) }
      try jobs[index].state.take(.returnToBacklog)
      jobs[index].leaseEnd = nil
    case .done(let result):
      try jobs[index].state.take(.finish)
      jobs[index].result = result
      try end(index, at: now)
    case .failed(let kind, let reason):
      try note(RunFailure(kind: kind, reason: reason), budget: RetryPolicy.budget(of: kind), of: index, at: now)
    }
    return .accepted
  }

  private mutating func keep(_ checkpoint: Digest, epochs: Int, of index: Int) {
    // As far as the last one, it may be from the middle of the next epoch.
    guard epochs >= jobs[index].checkpointEpochs else { return }
    if epochs > jobs[index].checkpointEpochs { jobs[index].setbacks = 0 }
    jobs[index].checkpoint = checkpoint
    jobs[index].checkpointEpochs = epochs
  }

  // MARK: Losses

  /// A job that loses its trainer more often, without a new checkpoint between, has probably killed them.
  public static let mostLosses = 10

  /// Puts jobs back whose trainer has been silent for longer than its lease, and, when `queuedAreLost`, those that were published longer
  /// ago than `overdue` and that nobody has begun.
  /// - Returns: how many.
  public mutating func requeueLost(
    queuedAreLost: Bool, overdue: Duration, at now: Date
  ) throws(IllegalTransition) -> Int {
    guard state == .running else { return 0 }
    var count = 0
    for index in jobs.indices {
      switch jobs[index].state {
      case .queued:
        guard queuedAreLost, let published = jobs[index].publishedAt,
          published.addingTimeInterval(overdue / .seconds(1)) < now
        else { continue }
        try jobs[index].state.take(.lose)
        jobs[index].publishedAt = nil
      case .running:
        guard let end = jobs[index].leaseEnd, end < now else { continue }
        let failure = RunFailure(
          kind: .poison,
          reason: "Its trainer fell silent, \(jobs[index].worker ?? "an unknown one") the last time.")
        let budget = RetryPolicy.Budget(attempts: Self.mostLosses, firstPause: .zero, longestPause: .zero)
        try note(failure, budget: budget, of: index, at: now)
      default: continue
      }
      count += 1
    }
    return count
  }

  private mutating func note(
    _ failure: RunFailure, budget: RetryPolicy.Budget, of index: Int, at now: Date
  ) throws(IllegalTransition) {
    jobs[index].setbacks += 1
    guard jobs[index].setbacks < budget.attempts else {
      try jobs[index].state.take(.fail)
      jobs[index].failure = failure
      return try end(index, at: now)
    }
    try jobs[index].state.take(.lose)
    jobs[index].leaseEnd = nil
    let pause = budget.pause(after: jobs[index].setbacks)
    jobs[index].notBefore = pause > .zero ? now.addingTimeInterval(pause / .seconds(1)) : nil
  }

  // MARK: Ends

  /// A job is over: others may begin, or never will.
  private mutating func end(_ index: Int, at now: Date) throws(IllegalTransition) {
    jobs[index].leaseEnd = nil
    jobs[index].finishedAt = now
    var changes = true
    while changes {
      changes = false
      for other in jobs.indices where jobs[other].state == .waiting {
        let needed = jobs[other].needs.map { jobs[$0].state }
        if needed.allSatisfy({ $0 == .done }) {
          try jobs[other].state.take(.becomeReady)
        } else if needed.contains(where: { $0 == .failed || $0 == .skipped }) {
          try jobs[other].state.take(.skip)
          jobs[other].finishedAt = now
          changes = true
        }
      }
    }
    guard state == .running, jobs.allSatisfy(\.state.isFinal) else { return }
    state = jobs.allSatisfy { $0.state == .done } ? .completed : .failed
  }

  /// Ends a training that isn't over; what is still reported of it is stale.
  /// - Returns: positions of the jobs that this has ended; empty where the training was over.
  public mutating func cancel(at now: Date) throws(IllegalTransition) -> [Int] {
    guard state == .running else { return [] }
    var cancelled: [Int] = []
    for index in jobs.indices where !jobs[index].state.isFinal {
      try jobs[index].state.take(.cancel)
      jobs[index].leaseEnd = nil
      jobs[index].claimedUntil = nil
      jobs[index].finishedAt = now
      cancelled.append(index)
    }
    state = .cancelled
    return cancelled
  }

  // MARK: Retries

  /// For how long after a cancel what was trained is kept from `tessera clean`; of one that has failed, for good.
  public static let retryTime = Duration.seconds(30 * 86400)

  /// Takes up again what has failed or was cancelled: from the last checkpoints, with new budgets of losses; what was skipped waits for it
  /// again. Jobs that are done keep their results, and those that others have in hand go on.
  /// - Returns: positions of the jobs that are taken up again; empty where there are none.
  public mutating func retry() throws(IllegalTransition) -> [Int] {
    var retried: [Int] = []
    for index in jobs.indices where jobs[index].state.isFinal && jobs[index].state != .done {
      let canBegin = jobs[index].needs.allSatisfy { jobs[$0].state == .done }
      try jobs[index].state.take(canBegin ? .retry : .waitAgain)
      jobs[index].setbacks = 0
      jobs[index].failure = nil
      jobs[index].finishedAt = nil
      jobs[index].notBefore = nil
      jobs[index].publishedAt = nil
      retried.append(index)
    }
    if !retried.isEmpty { state = .running }
    return retried
  }

  /// Whether a retry has something to take up.
  public var canBeRetried: Bool { jobs.contains { $0.state.isFinal && $0.state != .done } }

  /// What the jobs of a retry go on from, as folders' manifests: their checkpoints, and results of jobs that they need.
  public var foldersOfRetry: Set<Digest> {
    let retried = jobs.filter { $0.state.isFinal && $0.state != .done }
    return Set(retried.flatMap { job in [job.checkpoint] + job.needs.map { jobs[$0].result } }.compactMap { $0 })
  }

  /// The first failure, in the order of the jobs.
  public var failure: RunFailure? { jobs.lazy.compactMap(\.failure).first }
}
