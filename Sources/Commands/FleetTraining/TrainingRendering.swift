internal import FleetContracts
internal import Foundation

/// A training as `--json` prints it.
struct TrainingReportRow: Encodable {
  struct Job: Encodable {
    var position: Int
    var kind: String
    var configuration: String?
    var fold: Int?
    var state: String
    var epochs: Int
    var attempt: Int
    var worker: String?
    /// Epochs behind the last checkpoint.
    var checkpointEpochs: Int
    var checkpointSha256: String?
    var resultSha256: String?
    var startedAt: Date?
    var finishedAt: Date?
    var failure: String?
    var curve: [Point]
  }

  struct Act: Encodable {
    var act: String
    var askedBy: String
    var askedAt: Date
    /// Positions of the jobs that it has ended or taken up again.
    var jobs: [Int]
  }

  struct Point: Encodable {
    var epoch: Int
    var trainingLoss: Double?
    var validationLoss: Double?
    var dice: Double?
    var learningRate: Double?
    var seconds: Double
  }

  var training: String
  var task: String
  var model: String
  var tenant: String
  var key: String?
  var state: String
  var epochs: Int
  var submittedAt: Date
  var finishedAt: Date?
  var failure: String?
  /// Cancels and retries, in their order.
  var acts: [Act]
  var jobs: [Job]

  init(_ record: TrainingRecord, curves: [TrainingCurvePoint]) {
    training = record.id.description
    task = record.spec.task
    model = record.spec.model
    tenant = record.tenant.name
    key = record.key
    state = record.state.rawValue
    epochs = record.spec.epochs
    submittedAt = record.submittedAt
    finishedAt = record.finishedAt
    failure = record.board.failure?.reason
    acts = record.acts.map { Act(act: $0.kind.rawValue, askedBy: $0.askedBy, askedAt: $0.askedAt, jobs: $0.jobs) }
    jobs = record.jobs.map { job in
      Job(
        position: job.position, kind: job.work.kind, configuration: job.work.configuration, fold: job.work.fold,
        state: job.state.rawValue, epochs: job.epochs, attempt: job.attempt, worker: job.worker,
        checkpointEpochs: job.checkpointEpochs, checkpointSha256: job.checkpoint?.hexadecimal,
        resultSha256: job.result?.hexadecimal, startedAt: job.startedAt, finishedAt: job.finishedAt,
        failure: job.failure?.reason,
        curve: curves.filter { $0.job == job.position }.map(\.epoch).map { epoch in
          Point(
            epoch: epoch.epoch, trainingLoss: epoch.trainingLoss, validationLoss: epoch.validationLoss,
            dice: epoch.dice, learningRate: epoch.learningRate, seconds: epoch.seconds)
        })
    }
  }
}

/// A training for people.
enum TrainingTable {
  static func sentence(_ record: TrainingRecord) -> String {
    let states = TrainingJobState.allCases.compactMap { state -> String? in
      let count = record.jobs.count { $0.state == state }
      return count > 0 ? "\(count) \(state.rawValue)" : nil
    }
    return "\(record.spec.task): \(record.state.rawValue); jobs: \(states.joined(separator: ", "))"
  }

  static func rendered(_ record: TrainingRecord, curves: [TrainingCurvePoint]) -> String {
    var table = TextTable([
      ("job", .right), ("configuration", .left), ("fold", .right), ("state", .left), ("epochs", .right),
      ("loss", .right), ("validation", .right), ("Dice", .right), ("attempts", .right), ("trainer", .left),
    ])
    for job in record.jobs {
      let last = curves.last { $0.job == job.position }?.epoch
      func number(_ value: Double?) -> String { value.map { Formats.number($0, digits: 4) } ?? "" }
      table.add([
        "\(job.position)", job.work.configuration ?? "best of all", job.work.fold.map(String.init) ?? "",
        job.state.rawValue, job.work == .selection ? "" : "\(job.epochs)/\(record.spec.epochs)",
        number(last?.trainingLoss), number(last?.validationLoss), number(last?.dice), "\(job.attempt)",
        job.worker ?? "",
      ])
    }
    let failures = record.jobs.compactMap { job in job.failure.map { "job \(job.position) failed: \($0.reason)" } }
    return ([sentence(record), "", table.rendered()] + failures + record.acts.map(sentence))
      .joined(separator: "\n")
  }

  private static func sentence(_ act: TrainingAct) -> String {
    let jobs = "\(act.jobs.count) job\(act.jobs.count == 1 ? "" : "s")"
    let what = act.kind == .cancel ? "cancelled, ending \(jobs)" : "taken up again, \(jobs)"
    return "\(what), by \(act.askedBy) at \(act.askedAt.formatted(.iso8601))"
  }
}
