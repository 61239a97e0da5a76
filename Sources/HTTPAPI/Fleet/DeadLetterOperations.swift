internal import FleetContracts
internal import Foundation
internal import Hummingbird

/// What the fleet couldn't handle, and sending it on its way again.
struct DeadLetterOperations: OperationGroup {
  let title = "Dead letters"
  private let ledger: any Ledger

  init(_ services: APIServices) { ledger = services.ledger }

  private static let letter = Parameter.path("id", .integer(1...Int(Int32.max)), "The letter's number.")

  var operations: [Operation] {
    [
      Operation(
        id: "listDeadLetters", method: .get, path: "/v1/dead-letters", summary: "Dead letters, the newest first.",
        scope: .admin,
        parameters: [
          .query("open", .boolean, "Leave out those that were replayed or dropped; true unless said."),
          .query("run", .text(.uuid), "Only dead tiles of this run."),
          .query("limit", .integer(1...200), "How many at most; 50 unless said."),
        ], answers: [.init(status: .ok, doc: "The letters.", content: .json(DeadLetterList.schema))]
      ) { [ledger] request in
        let letters = try await ledger.deadLetters(
          onlyOpen: request["open"] != .boolean(false), run: request["run"]?.string.flatMap(RunID.init),
          limit: request["limit"]?.integer ?? 50)
        return Response.json(DeadLetterList(letters: letters))
      },
      Operation(
        id: "getDeadLetter", method: .get, path: "/v1/dead-letters/{id}", summary: "One dead letter.", scope: .admin,
        parameters: [Self.letter], answers: [.init(status: .ok, doc: "The letter.", content: .json(DeadLetter.schema))]
      ) { [ledger] request in Response.json(try await Self.letter(request, ledger)) },
      Operation(
        id: "replayDeadLetter", method: .post, path: "/v1/dead-letters/{id}/replay",
        summary: "Sends a dead tile on its way again, with all dead tiles of its run.",
        detail: "Harmless when it was replayed before. Messages need the broker: tessera dlq replay.", scope: .admin,
        parameters: [Self.letter],
        answers: [.init(status: .ok, doc: "The letter, replayed.", content: .json(DeadLetter.schema))],
        problems: [.notReplayable]
      ) { [ledger] request in
        let letter = try await Self.letter(request, ledger)
        guard letter.run != nil else {
          throw Problem(
            .notReplayable, "It is a message, which only `tessera dlq replay \(letter.id)` can publish again.")
        }
        _ = try await ledger.replay(letter.id, by: request.caller.name)
        return Response.json(try await Self.letter(request, ledger))
      },
    ]
  }

  private static func letter(_ request: APIRequest, _ ledger: any Ledger) async throws -> DeadLetter {
    let id = request["id"]?.integer ?? 0
    guard let letter = try await ledger.deadLetter(id) else { throw DeadLetterError.unknown(id) }
    return letter
  }
}

struct DeadLetterList: Described {
  var letters: [DeadLetter]
  static var fields: [Field<DeadLetterList>] { [Field("dead_letters", "The newest first.") { $0.letters }] }
}

extension DeadLetter: Described {
  static var fields: [Field<DeadLetter>] {
    [
      Field("id", "Its number.") { $0.id },
      Field("content", "What it is.", schema: .words(["tile", "message"])) { $0.run == nil ? "message" : "tile" },
      Field("state", "What became of it.") { $0.state },
      Field("reason", "Why it is here.") { $0.reason },
      Field("at", "Since when.") { $0.at },
      Field(optional: "worker", "The worker process that failed last.") { $0.worker },
      Field(optional: "settled_at", "When it was replayed or dropped last.") { $0.settledAt },
      Field(optional: "settled_by", "By whom.") { $0.settledBy },
      Field(optional: "run", "Of a dead tile, its run.") { $0.run },
      Field(optional: "pass", "Of a dead tile, its pass.") { $0.job?.pass },
      Field(optional: "tile", "Of a dead tile, its place in plan order.") { $0.job?.tile },
      Field(optional: "attempt", "Of a dead tile, its last attempt.") { $0.job?.attempt },
      Field(optional: "failure_kind", "Of a dead tile, what kind of failure it was.") { letter in
        guard case .tile(_, let kind) = letter.content else { return nil as FailureKind? }
        return kind
      },
      Field(optional: "queue", "Of a message, where it comes from.") { letter in
        guard case .message(_, let queue) = letter.content else { return nil as String? }
        return queue?.rawValue
      },
    ]
  }

  private var job: TileJob? {
    guard case .tile(let job, _) = content else { return nil }
    return job
  }
}
