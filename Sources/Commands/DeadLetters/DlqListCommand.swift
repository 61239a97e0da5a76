internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera dlq ls`
struct DlqListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists dead letters, the newest first.",
    discussion: """
        tessera dlq ls --open --run 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Flag(help: "Leave out those that were replayed or dropped.")
  var open = false

  @Option(help: "Only dead tiles of this run.", completion: .runs)
  var run: String?

  @Option(help: "How many to list.")
  var limit = 100

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let only = try run.map { text in
        guard let id = RunID(text) else {
          throw InputError("\(text) isn't a run's identifier; `tessera status` lists runs.")
        }
        return id
      }
      let ledger = try await fleet.adapters(for: "dlq").ledger()
      let letters = try await ledger.deadLetters(onlyOpen: open, run: only, limit: limit).map(DeadLetterReport.init)
      if json { return try Output.json(letters) }
      guard !letters.isEmpty else { return Output.line("No dead letters.") }
      var table = TextTable([
        ("id", .right), ("state", .left), ("since", .left), ("what", .left), ("kind", .left), ("reason", .left),
      ])
      for letter in letters {
        table.add([
          "\(letter.id)", letter.state, letter.at.formatted(.iso8601), letter.title, letter.failureKind ?? "unreadable",
          DeadLetterReport.printable(letter.reason, 80),
        ])
      }
      Output.line(table.rendered())
    }
  }
}
