internal import FleetContracts
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PythonJSON
internal import ServiceLifecycle

/// Server-sent events of one caller (HTML standard, section 9.2): each change of a run's state as a CloudEvent with a growing `id`, and, for one
/// run, its tiles as they come.
struct EventStream: Sendable {
  let ledger: any Ledger
  let feed: EventFeed
  /// Whose events; `nil` for everybody's.
  let tenant: Tenant?
  /// Only this run's, which end with it.
  let run: RunID?
  /// The position behind which to begin.
  let start: Int

  /// Events that are read at once.
  private static let page = 200
  /// How often a quiet connection is told that it is still one, so that nobody in between closes it.
  private static let heartbeat = Duration.seconds(15)
  /// How often the tiles of a run are looked at.
  private static let progressInterval = Duration.seconds(1)
  /// What a browser waits before it comes again, in milliseconds.
  private static let retry = 2000

  func response() -> Response {
    var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
    // Proxies that gather answers before they pass them on would hold events back.
    if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        try await send(&writer)
        try await writer.finish(nil)
      })
  }

  /// Sends until the run is over, the caller is gone, or the server stops: then the caller comes again with the last identifier that it has.
  private func send(_ writer: inout any ResponseBodyWriter) async throws {
    var position = start
    var seen = -1
    var told: Progress?
    var lastWord = ContinuousClock.now
    var nextLook = ContinuousClock.now
    func say(_ text: String) async throws {
      try await writer.write(ByteBuffer(string: text))
      lastWord = .now
    }
    try await say("retry: \(Self.retry)\n\n")
    while !Task.isShuttingDownGracefully {
      let latest = try await feed.latest()
      while latest > seen {
        let events = try await ledger.events(after: position, run: run, tenant: tenant, limit: Self.page)
        for event in events {
          try await say(Self.text(event))
          position = event.position
          if run != nil, event.state.isFinal { return }
        }
        if events.count < Self.page { seen = latest }
      }
      if let run, ContinuousClock.now >= nextLook, let record = try await ledger.run(run) {
        nextLook = .now + Self.progressInterval
        let progress = Progress(record)
        if progress != told { try await say("event: progress\ndata: \(progress.json.compact)\n\n") }
        told = progress
        // Whoever has the last event already gets no other one.
        if record.state.isFinal, try await ledger.events(after: position, run: run, tenant: tenant, limit: 1).isEmpty {
          return
        }
      }
      if ContinuousClock.now - lastWord >= Self.heartbeat { try await say(": still here\n\n") }
      try await Task.sleep(for: EventFeed.interval)
    }
  }

  static func text(_ event: FleetEvent) throws -> String {
    // JSON without line breaks: one line of data.
    "id: \(event.position)\nevent: \(event.type)\ndata: \(String(decoding: try event.json, as: UTF8.self))\n\n"
  }

  /// How far a run has come.
  struct Progress: Described, Hashable {
    var run: RunID
    var state: RunState
    var planned: Int
    var accepted: Int

    init(_ record: RunRecord) {
      run = record.id
      state = record.state
      planned = record.plannedTiles
      accepted = record.acceptedTiles
    }

    static var fields: [Field<Progress>] {
      [
        Field("run", "The run's identifier.") { $0.run },
        Field("state", "How far it has come.") { $0.state },
        Field("planned_tiles", "Tiles of all passes; 0 until planned.") { $0.planned },
        Field("accepted_tiles", "Those with a result.") { $0.accepted },
      ]
    }
  }
}
