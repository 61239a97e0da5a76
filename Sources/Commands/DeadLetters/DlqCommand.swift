internal import ArgumentParser
internal import FleetContracts
internal import Foundation
internal import PostgresLedger

/// `tessera dlq`
struct DlqCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dlq",
    abstract: "Lists, inspects, replays and drops what the fleet gave up: dead tiles and unreadable messages.",
    discussion: """
      A tile that has failed too often is dead, and its run has failed. Once the cause is removed, a replay lets the run go on from where it
      was; what was computed stays.

        tessera dlq ls --open
        tessera dlq show 17
        tessera dlq repro 17 --output tile.zip     # the dead tile in one file …
        tessera dlq run tile.zip                   # … which computes it on a laptop, without any server
        tessera dlq replay 17
      """,
    subcommands: [
      DlqListCommand.self, DlqShowCommand.self, DlqReproCommand.self, DlqRunCommand.self, DlqReplayCommand.self,
      DlqDropCommand.self,
    ])

  /// Who does it, in the ledger.
  static var user: String { NSUserName() }

  static func letter(_ id: Int, in ledger: PostgresLedger) async throws -> DeadLetter {
    guard let letter = try await ledger.deadLetter(id) else { throw DeadLetterError.unknown(id) }
    return letter
  }
}
