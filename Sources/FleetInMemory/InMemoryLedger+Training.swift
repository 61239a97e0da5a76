internal import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func submit(
    _ spec: TrainingSpec, key: String?, tenant: Tenant
  ) async throws -> TrainingSubmissionReceipt {
    try spec.check()
    let content = try spec.contentDigest
    if let key, let known = trainings.first(where: { $0.record.key == key && $0.record.tenant == tenant }) {
      guard known.content == content else {
        throw LedgerError.trainingKeyConflict(key: key, training: known.record.id)
      }
      return TrainingSubmissionReceipt(training: known.record.id, isNew: false)
    }
    let record = TrainingRecord(
      id: TrainingID(), tenant: tenant, spec: spec, key: key, board: TrainingBoard(spec), submittedAt: Date())
    trainings.append(KeptTraining(record: record, content: content))
    return TrainingSubmissionReceipt(training: record.id, isNew: true)
  }

  public func training(_ id: TrainingID) async throws -> TrainingRecord? {
    trainings.first { $0.record.id == id }?.record
  }

  public func trainings(of tenant: Tenant?, limit: Int) async throws -> [TrainingRecord] {
    trainings.map(\.record).filter { tenant == nil || $0.tenant == tenant }.reversed().prefix(max(0, limit)).map { $0 }
  }

  public func cancel(_ training: TrainingID, by operator: String) async throws -> TrainingState? {
    guard let index = trainings.firstIndex(where: { $0.record.id == training }) else { return nil }
    let jobs = try change(index) { board, time throws(IllegalTransition) in try board.cancel(at: time) }
    note(.cancel, of: jobs, by: `operator`, in: index)
    return trainings[index].record.state
  }

  public func retry(_ training: TrainingID, by operator: String) async throws -> [Int]? {
    guard let index = trainings.firstIndex(where: { $0.record.id == training }) else { return nil }
    let jobs = try change(index) { board, _ throws(IllegalTransition) in try board.retry() }
    note(.retry, of: jobs, by: `operator`, in: index)
    return jobs
  }

  private func note(_ kind: TrainingAct.Kind, of jobs: [Int], by operator: String, in index: Int) {
    guard !jobs.isEmpty else { return }
    trainings[index].record.acts.append(
      TrainingAct(kind: kind, askedBy: `operator`, askedAt: trainingTime, jobs: jobs))
  }

  public func claimTrainingJobs(idle: Int, lease: Duration, claim: Duration) async throws -> [DueTrainingJob] {
    var due: [DueTrainingJob] = []
    var left = idle
    for index in trainings.indices where trainings[index].record.state == .running {
      if !isPaused(trainings[index].record.tenant) {
        left -= try change(index) { board, time throws(IllegalTransition) in
          try board.queue(atMost: left, lease: lease, at: time)
        }
      }
      let jobs = try change(index) { board, time in board.claimUnpublished(for: claim, at: time) }
      let record = trainings[index].record
      due += jobs.map { DueTrainingJob(training: record.id, spec: record.spec, job: $0, on: record.board) }
    }
    return due
  }

  public func markPublished(_ jobs: [DueTrainingJob]) async throws {
    for job in jobs {
      guard let index = trainings.firstIndex(where: { $0.record.id == job.training }) else { continue }
      try change(index) { board, time in board.markPublished(job.job.position, attempt: job.job.attempt, at: time) }
    }
  }

  public func record(
    _ report: TrainingReport, registering models: [ModelRecord]
  ) async throws -> TrainingReceipt {
    guard let index = trainings.firstIndex(where: { $0.record.id == report.training }) else { return .unknown }
    let receipt = try change(index) { board, time throws(IllegalTransition) in try board.take(report, at: time) }
    guard receipt == .accepted else { return receipt }
    trainings[index].note(report, at: now)
    for model in models { add(model) }
    return receipt
  }

  public func requeueLostTrainingJobs(queuedAreLost: Bool, overdue: Duration) async throws -> Int {
    var count = 0
    for index in trainings.indices {
      count += try change(index) { board, time throws(IllegalTransition) in
        try board.requeueLost(queuedAreLost: queuedAreLost, overdue: overdue, at: time)
      }
    }
    return count
  }

  public func curves(of training: TrainingID) async throws -> [TrainingCurvePoint] {
    guard let kept = trainings.first(where: { $0.record.id == training }) else { return [] }
    return kept.curve.sorted { ($0.job, $0.epoch.epoch) < ($1.job, $1.epoch.epoch) }
  }

  public func supersededCheckpoints(olderThan age: Duration, limit: Int) async throws -> [SupersededCheckpoint] {
    let old = trainings.flatMap { kept in
      kept.checkpoints.filter { checkpoint in
        let job = kept.record.jobs[checkpoint.job]
        return !checkpoint.isRemoved && (job.state == .done || job.checkpoint != checkpoint.digest)
          && now - checkpoint.at > age
      }.map { (kept.record.id, $0) }
    }
    return old.sorted { $0.1.at < $1.1.at }.prefix(max(0, limit)).map { training, checkpoint in
      SupersededCheckpoint(
        training: training, job: checkpoint.job, epochs: checkpoint.epochs, checkpoint: checkpoint.digest)
    }
  }

  public func noteRemoved(_ checkpoints: [SupersededCheckpoint]) async throws {
    for checkpoint in checkpoints {
      guard let index = trainings.firstIndex(where: { $0.record.id == checkpoint.training }) else { continue }
      for place in trainings[index].checkpoints.indices {
        let kept = trainings[index].checkpoints[place]
        guard kept.job == checkpoint.job, kept.epochs == checkpoint.epochs, kept.digest == checkpoint.checkpoint
        else { continue }
        trainings[index].checkpoints[place].isRemoved = true
      }
    }
  }

  /// The ledger's time, as its boards take it.
  var trainingTime: Date { Date(timeIntervalSince1970: now / .seconds(1)) }

  @discardableResult
  private func change<Value>(
    _ index: Int, _ body: (inout TrainingBoard, Date) throws(IllegalTransition) -> Value
  ) throws(IllegalTransition) -> Value {
    var board = trainings[index].record.board
    let value = try body(&board, trainingTime)
    if board.state != trainings[index].record.state {
      trainings[index].record.finishedAt = board.state.isFinal ? Date() : nil
      trainings[index].endedAt = board.state.isFinal ? now : nil
    }
    trainings[index].record.board = board
    return value
  }

  func isPaused(_ tenant: Tenant) -> Bool {
    pausedScopes.contains { $0.scope == .all || $0.scope == .tenant(tenant) }
  }
}

struct KeptTraining {
  var record: TrainingRecord
  /// What was submitted, for comparing submissions with one key.
  let content: Digest
  /// When it ended, by the ledger's clock.
  var endedAt: Duration?
  var curve: [TrainingCurvePoint] = []
  /// When epochs were reported, by job and epoch.
  var reportedAt: [Int: [Int: Date]] = [:]
  var checkpoints: [KeptCheckpoint] = []

  struct KeptCheckpoint {
    var job: Int
    var epochs: Int
    var digest: Digest
    var at: Duration
    var isRemoved = false
  }

  /// Keeps the curve and the checkpoints of an accepted report.
  mutating func note(_ report: TrainingReport, at now: Duration) {
    switch report.news {
    case .epoch(let epoch, let checkpoint):
      curve.removeAll { $0.job == report.job && $0.epoch.epoch == epoch.epoch }
      curve.append(
        TrainingCurvePoint(job: report.job, epoch: epoch, attempt: report.attempt, worker: report.worker))
      reportedAt[report.job, default: [:]][epoch.epoch] = Date(timeIntervalSince1970: now / .seconds(1))
      if let checkpoint { keep(checkpoint, epochs: epoch.epoch + 1, of: report.job, at: now) }
    case .returned(let checkpoint?, let epochs?): keep(checkpoint, epochs: epochs, of: report.job, at: now)
    default: break
    }
  }

  private mutating func keep(_ checkpoint: Digest, epochs: Int, of job: Int, at now: Duration) {
    guard !checkpoints.contains(where: { $0.job == job && $0.epochs == epochs && $0.digest == checkpoint }) else {
      return
    }
    checkpoints.append(KeptCheckpoint(job: job, epochs: epochs, digest: checkpoint, at: now))
  }
}
