internal import FleetContracts
internal import Foundation
internal import PythonJSON

/// A training as the API shows it.
struct TrainingAnswer: Described {
  var record: TrainingRecord
  var jobs: [TrainingJobAnswer]

  init(_ record: TrainingRecord, _ overview: TrainingOverview) {
    self.record = record
    jobs = record.jobs.map { job in
      TrainingJobAnswer(
        job: job, at: overview.at,
        inWork: overview.inWork.first { $0.training == record.id && $0.job == job.position })
    }
  }

  static var schemaName: String { "Training" }
  static var fields: [Field<TrainingAnswer>] {
    [
      Field("training", "The training's identifier.") { $0.record.id },
      Field("task", "nnU-Net's name of the task.") { $0.record.spec.task },
      Field("model", "The name that the best configuration is registered under.") { $0.record.spec.model },
      Field("tenant", "For whom it is trained.") { $0.record.tenant },
      Field(optional: "key", "The submitter's idempotency key.") { $0.record.key },
      Field("state", "How far it has come.") { $0.record.state },
      Field("epochs", "Epochs that each fold is to have.") { $0.record.spec.epochs },
      Field("submitted_at", "When it was submitted.") { $0.record.submittedAt },
      Field(optional: "finished_at", "When it was completed, failed, or was cancelled.") { $0.record.finishedAt },
      Field(optional: "failure", "The first failure of its jobs.") { $0.record.board.failure },
      Field("retriable", "Whether a retry has something to take up.") { $0.record.board.canBeRetried },
      Field("acts", "Who has cancelled it or taken it up again, and when, in order.") { $0.record.acts },
      Field("jobs", "Each configuration on each fold, and at last the choice among them.") { $0.jobs },
    ]
  }
}

struct TrainingJobAnswer: Described {
  var job: TrainingJobRecord
  /// The ledger's time.
  var at: Date
  /// Of a job that a trainer has.
  var inWork: TrainingJobInWork?

  static var schemaName: String { "TrainingJob" }
  static var fields: [Field<TrainingJobAnswer>] {
    [
      Field("job", "Its place in the training, from 0.") { $0.job.position },
      Field("kind", "A fold, or the choice of the best.", schema: .words(["fold", "selection"])) { $0.job.work.kind },
      Field(optional: "configuration", "nnU-Net's name; null for the choice.") { $0.job.work.configuration },
      Field(optional: "fold", "Of the cross-validation, from 0; null for the choice.") { $0.job.work.fold },
      Field("state", "How far it has come.") { $0.job.state },
      Field("epochs", "Epochs that are trained.") { $0.job.epochs },
      Field("checkpoint_epochs", "Epochs behind the last checkpoint in the store.") { $0.job.checkpointEpochs },
      Field("attempts", "How often it was handed to a trainer.") { $0.job.attempt },
      Field(optional: "worker", "The trainer process that has it, or had it last.") { $0.job.worker },
      Field(optional: "started_at", "When it was begun first.") { $0.job.startedAt },
      Field(optional: "finished_at", "When it was over.") { $0.job.finishedAt },
      Field(optional: "expected_at", "When it will probably be done, validation and all, of a job that a trainer has.")
      {
        answer in answer.inWork?.expectedEnd(at: answer.at)
      },
      Field(optional: "epoch_seconds", "The mean of its latest epochs, of a job that a trainer has.") {
        $0.inWork?.latest?.epochSeconds
      },
      Field(optional: "failure", "Why it failed.") { $0.job.failure },
    ]
  }
}

extension TrainingAct: Described {
  static var schemaName: String { "TrainingAct" }
  static var fields: [Field<TrainingAct>] {
    [
      Field("act", "What was done.") { $0.kind },
      Field("asked_by", "Who asked for it: a token's name, or an operator's login.") { $0.askedBy },
      Field("asked_at", "When.") { $0.askedAt },
      Field("jobs", "Places of the jobs that it has ended or taken up again.") { $0.jobs },
    ]
  }
}

struct TrainingList: Described {
  var trainings: [TrainingAnswer]
  static var fields: [Field<TrainingList>] { [Field("trainings", "The newest first.") { $0.trainings }] }
}

/// What became of a training that was cancelled or retried.
struct TrainingChange: Described {
  var training: TrainingID
  var state: TrainingState
  var retriedJobs: [Int]

  static var fields: [Field<TrainingChange>] {
    [
      Field("training", "The training's identifier.") { $0.training },
      Field("state", "Its state from now on.") { $0.state },
      Field("retried_jobs", "Places of the jobs that were taken up again.") { $0.retriedJobs },
    ]
  }
}

struct TrainingCurves: Described {
  var curves: [TrainingCurve]
  static var fields: [Field<TrainingCurves>] {
    [Field("curves", "One for each fold, in the order of the jobs.") { $0.curves }]
  }
}

struct TrainingCurve: Described {
  var job: TrainingJobRecord
  var points: [TrainingEpoch]

  static var fields: [Field<TrainingCurve>] {
    [
      Field("job", "The job's place in the training.") { $0.job.position },
      Field("configuration", "nnU-Net's name.") { $0.job.work.configuration ?? "" },
      Field("fold", "Of the cross-validation.") { $0.job.work.fold ?? 0 },
      Field("points", "Its epochs, in their order.") { $0.points },
    ]
  }
}

extension TrainingEpoch: Described {
  static var fields: [Field<TrainingEpoch>] {
    [
      Field("epoch", "From 0.") { $0.epoch },
      Field(optional: "training_loss", "Mean over the training batches (cross-entropy minus soft Dice).") {
        $0.trainingLoss
      },
      Field(optional: "validation_loss", "Mean over the validation batches.") { $0.validationLoss },
      Field(optional: "dice", "Mean Dice of the foreground classes in the validation's patches, 0 to 1.") { $0.dice },
      Field(optional: "learning_rate", "Of the epoch.") { $0.learningRate },
      Field("seconds", "How long it took.") { $0.seconds },
    ]
  }
}

extension TrainingState: Answerable {}
extension TrainingJobState: Answerable {}
extension TrainingAct.Kind: Answerable {}
extension TrainingID: Answerable {
  static var schema: JSONSchema { .text(.uuid) }
  var json: JSONValue { .string(description) }
}
