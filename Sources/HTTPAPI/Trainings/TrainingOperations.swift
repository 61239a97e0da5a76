internal import FleetContracts
internal import Foundation
internal import Hummingbird

/// Looking at what is trained, ending it and taking it up again.
struct TrainingOperations: OperationGroup {
  let title = "Trainings"
  private let ledger: any Ledger
  private let store: any BlobStore

  init(_ services: APIServices) {
    ledger = services.ledger
    store = services.store
  }

  var operations: [Operation] { [list, show, curves, cancel, retry] }

  private static let training = Parameter.path("training", .text(.uuid), "The training's identifier.")

  private var list: Operation {
    Operation(
      id: "listTrainings", method: .get, path: "/v1/trainings", summary: "The tenant's trainings, the newest first.",
      detail: "A token with the scope admin sees all tenants'.", scope: .read,
      parameters: [.query("limit", .integer(1...200), "How many at most; 50 unless said otherwise.")],
      answers: [.init(status: .ok, doc: "The trainings.", content: .json(TrainingList.schema))]
    ) { [ledger] request in
      let trainings = try await ledger.trainings(
        of: request.caller.scopes.contains(.admin) ? nil : request.caller.tenant,
        limit: request["limit"]?.integer ?? 50)
      let overview = try await ledger.trainingOverview()
      return Response.json(TrainingList(trainings: trainings.map { TrainingAnswer($0, overview) }))
    }
  }

  private var show: Operation {
    Operation(
      id: "getTraining", method: .get, path: "/v1/trainings/{training}",
      summary: "A training: how far each configuration and fold is, and who has it.", scope: .read,
      parameters: [Self.training],
      answers: [.init(status: .ok, doc: "The training.", content: .json(TrainingAnswer.schema))]
    ) { [ledger] request in
      let record = try await ledger.training(for: request)
      return Response.json(TrainingAnswer(record, try await ledger.trainingOverview()))
    }
  }

  private var curves: Operation {
    Operation(
      id: "getTrainingCurves", method: .get, path: "/v1/trainings/{training}/curves",
      summary: "Losses and Dice of a training's epochs, by job.", scope: .read,
      parameters: [
        Self.training,
        .query(
          "configuration", .words(TrainingSpec.knownConfigurations),
          "Only the folds of this configuration; all unless said otherwise."),
      ], answers: [.init(status: .ok, doc: "The curves.", content: .json(TrainingCurves.schema))]
    ) { [ledger] request in
      let record = try await ledger.training(for: request)
      let points = Dictionary(grouping: try await ledger.curves(of: record.id), by: \.job)
      let wanted = request["configuration"]?.string
      let jobs = record.jobs.filter { job in
        job.work != .selection && (wanted == nil || job.work.configuration == wanted)
      }
      return Response.json(
        TrainingCurves(curves: jobs.map { TrainingCurve(job: $0, points: (points[$0.position] ?? []).map(\.epoch)) }))
    }
  }

  private var cancel: Operation {
    Operation(
      id: "cancelTraining", method: .post, path: "/v1/trainings/{training}/cancel",
      summary: "Ends a training that nobody wants any more.",
      detail: "Harmless when it was cancelled before. What was trained is kept for 30 days, for a retry.",
      scope: .submit, parameters: [Self.training],
      answers: [.init(status: .ok, doc: "The training is cancelled.", content: .json(TrainingChange.schema))],
      problems: [.trainingIsOver]
    ) { [ledger] request in
      let id = try await ledger.training(for: request).id
      guard let state = try await ledger.cancel(id, by: request.caller.name) else {
        throw Problem(.notFound, "There is no training \(id).")
      }
      guard state == .cancelled else {
        throw Problem(.trainingIsOver, "The training was \(state.rawValue) before and stays so.")
      }
      return Response.json(TrainingChange(training: id, state: state, retriedJobs: []))
    }
  }

  private var retry: Operation {
    Operation(
      id: "retryTraining", method: .post, path: "/v1/trainings/{training}/retry",
      summary: "Takes up again what has failed or was cancelled of a training.",
      detail: "Jobs go on from their last checkpoints; finished ones are kept.", scope: .submit,
      parameters: [Self.training],
      answers: [.init(status: .ok, doc: "The training goes on.", content: .json(TrainingChange.schema))],
      problems: [.nothingToRetry]
    ) { [ledger, store] request in
      let id = try await ledger.training(for: request).id
      switch try await ledger.retry(id, by: request.caller.name, dataIn: store) {
      case .retried(let jobs):
        return Response.json(TrainingChange(training: id, state: .running, retriedJobs: jobs))
      case .unknown: throw Problem(.notFound, "There is no training \(id).")
      case .dataIsGone:
        throw Problem(
          .nothingToRetry,
          "What the training is trained on or goes on from isn't in the store any more; submit the training again.")
      case .nothingToRetry(let state):
        throw Problem(
          .nothingToRetry, "The training is \(state.rawValue), and none of its jobs has failed or was cancelled.")
      }
    }
  }
}

extension Ledger {
  /// The training that the request's path names, if its caller may see it.
  /// - Throws: `Problem` of kind notFound: whoever may not see a training doesn't learn that it exists.
  fileprivate func training(for request: APIRequest) async throws -> TrainingRecord {
    guard let id = request["training"]?.string.flatMap(TrainingID.init) else {
      throw Problem(.notFound, "There is no such training.")
    }
    guard let record = try await training(id), request.caller.sees(record.tenant) else {
      throw Problem(.notFound, "There is no training \(id).")
    }
    return record
  }
}
