internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera dlq show`
struct DlqShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows all that is known of a dead letter.",
    discussion: """
        tessera dlq show 17
      """)

  @Argument(help: "The letter's number, as `tessera dlq ls` prints it.")
  var id: Int

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "dlq").ledger()
      let letter = DeadLetterReport(try await DlqCommand.letter(id, in: ledger))
      if json { return try Output.json(letter) }
      Output.line("letter   \(letter.id), \(letter.title)")
      let settled = letter.settledAt.map { " at \($0.formatted(.iso8601)) by \(letter.settledBy ?? "")" } ?? ""
      Output.line("state    \(letter.state)\(settled)")
      Output.line("since    \(letter.at.formatted(.iso8601))")
      Output.line("reason   \(letter.reason)")
      if let kind = letter.failureKind { Output.line("kind     \(kind), attempt \(letter.attempt ?? 0)") }
      if let worker = letter.worker { Output.line("worker   \(worker)") }
      if let document = letter.document { Output.line("document blob \(document)") }
      guard let body = letter.body else { return }
      Output.line("message  \(DeadLetterReport.printable(letter.messageId ?? "", 255))")
      Output.line(
        "body     \(body.count) bytes: \(DeadLetterReport.printable(String(decoding: body, as: UTF8.self), 2048))")
    }
  }
}
