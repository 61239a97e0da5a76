internal import FleetContracts
internal import Hummingbird

/// Following runs.
struct EventOperations: OperationGroup {
  let title = "Events"
  private let ledger: any Ledger
  private let feed: EventFeed

  init(_ services: APIServices) {
    ledger = services.ledger
    feed = EventFeed(services.ledger)
  }

  private static let resume = Parameter.header(
    "Last-Event-ID", .integer(0...Int.max / 2),
    "The id of the last event that the caller has; what came after it is sent first.")

  var operations: [Operation] {
    [
      Operation(
        id: "followRun", method: .get, path: "/v1/runs/{run}/events",
        summary: "A run's changes of state as they come, and its tiles.",
        detail: """
          Server-sent events. Changes of state have an id, a type such as tessera.run.completed, and a CloudEvent as data; they begin with the \
          first one, or behind Last-Event-ID, and end with the run. Events named progress tell of tiles and have no id.
          """, scope: .read, parameters: [RunOperations.runParameter, Self.resume],
        answers: [.init(status: .ok, doc: "The events.", content: .events(EventStream.Progress.schema))]
      ) { [ledger, feed] request in
        let run = try await ledger.run(for: request)
        return EventStream(
          ledger: ledger, feed: feed, tenant: nil, run: run.id, start: request["Last-Event-ID"]?.integer ?? 0
        ).response()
      },
      Operation(
        id: "follow", method: .get, path: "/v1/events", summary: "All changes of runs' states as they come.",
        detail:
          "Server-sent events of the tenant's runs, or of everybody's for the scope admin: from now on, or from behind Last-Event-ID.",
        scope: .read, parameters: [Self.resume],
        answers: [.init(status: .ok, doc: "The events.", content: .events(EventStream.Progress.schema))]
      ) { [ledger, feed] request in
        var start = request["Last-Event-ID"]?.integer
        if start == nil { start = try await ledger.lastEventPosition() }
        return EventStream(
          ledger: ledger, feed: feed, tenant: request.caller.scopes.contains(.admin) ? nil : request.caller.tenant,
          run: nil, start: start ?? 0
        ).response()
      },
    ]
  }
}
