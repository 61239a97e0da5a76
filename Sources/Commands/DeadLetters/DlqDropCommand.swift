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

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "dlq").ledger()
      for id in ids {
        let isNew = try await ledger.drop(id, by: DlqCommand.user)
        Output.line(isNew ? "dead letter \(id) is dropped" : "dead letter \(id) was dropped before")
      }
    }
  }
}
