internal import ArgumentParser
internal import FleetContracts
internal import PostgresLedger

/// `tessera dlq drop`
struct DlqDropCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Puts dead letters aside for good; a dead tile's run stays failed.",
    discussion: """
      They stay in the ledger, so that what was decided can be looked up.

        tessera dlq drop 17
      """)

  @Argument(help: "The letters' numbers, as `tessera dlq ls` prints them.")
  var ids: [Int]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    /// The letter's number.
    var id: Int
    /// `is dropped` or `was dropped before`.
    var outcome: String
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "dlq").ledger()
      var reports: [Report] = []
      for id in ids {
        let isNew = try await ledger.drop(id, by: DlqCommand.user)
        reports.append(Report(id: id, outcome: isNew ? "is dropped" : "was dropped before"))
        if !json { Output.line("dead letter \(id) \(reports[reports.count - 1].outcome)") }
      }
      if json { try Output.json(reports) }
    }
  }
}
