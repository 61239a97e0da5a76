internal import Digests
internal import FleetContracts
internal import Foundation

/// A dead letter as `--json` prints it.
struct DeadLetterReport: Encodable {
  var id: Int
  /// `tile` or `message`.
  var content: String
  var state: String
  var reason: String
  var at: Date
  var worker: String?
  var settledAt: Date?
  var settledBy: String?
  var run: String?
  var pass: String?
  var tile: Int?
  var attempt: Int?
  var failureKind: String?
  var document: Digest?
  var queue: String?
  var messageId: String?
  var messageType: String?
  /// In base64: it may be anything.
  var body: Data?

  init(_ letter: DeadLetter) {
    id = letter.id
    state = letter.state.rawValue
    reason = letter.reason
    at = letter.at
    worker = letter.worker
    settledAt = letter.settledAt
    settledBy = letter.settledBy
    switch letter.content {
    case .tile(let job, let kind):
      content = "tile"
      run = job.run.description
      pass = job.pass.description
      tile = job.tile
      attempt = job.attempt
      failureKind = kind.rawValue
      document = job.document
    case .message(let message, let origin):
      content = "message"
      queue = origin?.rawValue
      messageId = message.id
      messageType = message.type
      body = Data(message.body)
    }
  }

  /// What it is, in a few words for a table; what came from outside is shortened and has no control characters.
  var title: String {
    if let run, let tile { return "tile \(tile) of run \(run)" }
    return "message \(Self.printable(messageType ?? "", 40)) from \(queue ?? "an unknown queue")"
  }

  static func printable(_ text: String, _ length: Int) -> String {
    let clean = String(
      text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
    return clean.count > length ? clean.prefix(length - 1) + "…" : clean
  }
}
