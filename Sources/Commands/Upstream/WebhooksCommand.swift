internal import ArgumentParser
internal import FleetContracts
internal import Foundation
internal import PostgresLedger

/// `tessera webhooks`
struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks",
    abstract: "Says where events are posted to, and posts them again.",
    discussion: """
      Deliveries are signed after Standard Webhooks, tried for 24 hours, and carry the event's identifier in webhook-id: a receiver that
      remembers identifiers counts each event once. `tessera events` (or `tessera up`) must run.

        tessera webhooks add https://ris.example.org/tessera --tenant ward7
        tessera webhooks list
        tessera webhooks deliveries --unsettled
        tessera webhooks replay 17 18
      """,
    subcommands: [
      WebhooksAddCommand.self, WebhooksListCommand.self, WebhooksRemoveCommand.self, WebhooksEnableCommand.self,
      WebhooksDeliveriesCommand.self, WebhooksReplayCommand.self,
    ])

  static func identifier(_ text: String) throws -> UUID {
    guard let id = UUID(uuidString: text) else {
      throw InputError("\(text) is no identifier; `tessera webhooks list` and `tessera webhooks deliveries` show them.")
    }
    return id
  }
}
