internal import FleetContracts
internal import Foundation
internal import Hummingbird

/// Looking at runs.
struct RunOperations: OperationGroup {
  let title = "Runs"
  private let ledger: any Ledger

  init(_ services: APIServices) { ledger = services.ledger }

  var operations: [Operation] { [list, show, cancel] }

  static let runParameter = Parameter.path("run", .text(.uuid), "The run's identifier.")

  private var list: Operation {
    Operation(
      id: "listRuns", method: .get, path: "/v1/runs", summary: "The tenant's runs, the newest first.",
      detail: "A token with the scope admin sees all tenants'.", scope: .read,
      parameters: [
        .query("state", .list(RunState.schema), "Only runs in these states."),
        .query(
          "model", .text(.any), "Only runs of the model that had this name; an ensemble's names are joined by ' + '."),
        .query("class", RunClass.schema, "Only runs of this class."),
        .query(
          "tenant", .text(.pattern("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")), "Only this tenant's runs; for the scope admin."),
        .query("since", .text(.dateTime), "Only runs submitted at this time or later."),
        .query("until", .text(.dateTime), "Only runs submitted before this time."),
        .query("limit", .integer(1...200), "How many at most; 50 unless said otherwise."),
        .query("cursor", .text(.uuid), "Goes on behind a page: its next."),
      ],
      answers: [.init(status: .ok, doc: "A page of runs.", content: .json(RunPage.schema))]
    ) { [ledger] request in
      let limit = request["limit"]?.integer ?? 50
      var filter = RunFilter(
        states: Set(request.texts("state").compactMap(RunState.init)),
        runClass: request["class"]?.string.flatMap(RunClass.init), model: request["model"]?.string,
        since: request.date("since"), until: request.date("until"))
      filter.tenant = try request["tenant"]?.string.map { try Tenant($0) }
      if !request.caller.scopes.contains(.admin) {
        guard filter.tenant.map(request.caller.sees) ?? true else {
          throw Problem(.forbidden, "The token belongs to the tenant \(request.caller.tenant).")
        }
        filter.tenant = request.caller.tenant
      }
      // One more than asked for tells whether there is another page.
      let runs = try await ledger.runs(filter, after: request["cursor"]?.string.flatMap(RunID.init), limit: limit + 1)
      return Response.json(
        RunPage(
          runs: runs.prefix(limit).map { RunAnswer(run: $0) }, next: runs.count > limit ? runs[limit - 1].id : nil))
    }
  }

  private var show: Operation {
    Operation(
      id: "getRun", method: .get, path: "/v1/runs/{run}",
      summary: "A run with its place in the queue, its expected end, and its results.", scope: .read,
      parameters: [Self.runParameter], answers: [.init(status: .ok, doc: "The run.", content: .json(RunAnswer.schema))]
    ) { [ledger] request in
      let run = try await ledger.run(for: request)
      let forecast = run.state.isFinal ? nil : try await ledger.queueLook().forecast(of: run.id)
      return Response.json(RunAnswer(run: run, queue: forecast.map { QueuePlace($0) }))
    }
  }

  private var cancel: Operation {
    Operation(
      id: "cancelRun", method: .post, path: "/v1/runs/{run}/cancel", summary: "Ends a run that nobody wants any more.",
      detail: "Harmless when it was cancelled before.", scope: .submit, parameters: [Self.runParameter],
      answers: [.init(status: .ok, doc: "The run is cancelled.", content: .json(RunEnd.schema))], problems: [.runIsOver]
    ) { [ledger] request in
      let run = try await ledger.run(for: request)
      guard let state = try await ledger.cancel(run.id) else { throw Problem(.notFound, "There is no run \(run.id).") }
      guard state == .cancelled else { throw Problem(.runIsOver, "The run was \(state.rawValue) before and stays so.") }
      return Response.json(RunEnd(run: run.id, state: state))
    }
  }
}

extension Ledger {
  /// The run that the request's path names, if its caller may see it.
  /// - Throws: `Problem` of kind notFound: whoever may not see a run doesn't learn that it exists.
  func run(for request: APIRequest) async throws -> RunRecord {
    let id = try request.run()
    guard let run = try await run(id), request.caller.sees(run.tenant) else {
      throw Problem(.notFound, "There is no run \(id).")
    }
    return run
  }
}
