internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// Webhooks that a command is about, one after the other.
struct NamedWebhooks: ParsableArguments {
  @Argument(help: "As `tessera webhooks list` prints them.")
  var webhooks: [String]

  @OptionGroup var fleet: FleetOptions

  /// Prints what `body` says of each.
  func each(_ body: (any Ledger, UUID) async throws -> String) async throws {
    try await Failures.reported {
      let ids = try webhooks.map(WebhooksCommand.identifier)
      let ledger = try await fleet.adapters(for: "webhooks").ledger()
      for id in ids {
        let outcome = try await body(ledger, id)
        Output.line("webhook \(id.uuidString.lowercased()) \(outcome)")
      }
    }
  }
}
