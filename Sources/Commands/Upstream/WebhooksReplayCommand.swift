internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera webhooks replay`
struct WebhooksReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Posts events again, with their identifiers.",
    discussion: """
      Harmless for a receiver that remembers the identifiers of events (webhook-id).

        tessera webhooks replay 17 18
        tessera webhooks replay --event 7a5f2c9e-1d3b-4c55-9d0e-3b1f6a7c8d9e
        tessera webhooks replay --failed 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(help: "Deliveries, as `tessera webhooks deliveries` numbers them.")
  var deliveries: [Int] = []

  @Option(help: ArgumentHelp("An event, to all webhooks that were told of it.", valueName: "id"))
  var event: String?

  @Option(help: ArgumentHelp("All that was given up for this webhook.", valueName: "webhook"))
  var failed: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    /// How many are posted again.
    var deliveries: Int
  }

  func validate() throws {
    guard !deliveries.isEmpty || event != nil || failed != nil else {
      throw ValidationError("Say what to post again: numbers of deliveries, --event or --failed.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let (event, webhook) = (try event.map(WebhooksCommand.identifier), try failed.map(WebhooksCommand.identifier))
      let ledger = try await fleet.adapters(for: "webhooks").ledger()
      var count = 0
      for id in deliveries {
        guard try await ledger.replayDelivery(id) else {
          throw InputError("There is no delivery \(id); `tessera webhooks deliveries` shows those that there are.")
        }
        count += 1
      }
      if let event { count += try await ledger.replayDeliveries(of: event) }
      if let webhook { count += try await ledger.replayFailedDeliveries(to: webhook) }
      if json { return try Output.json(Report(deliveries: count)) }
      Output.line(count == 1 ? "1 delivery is posted again" : "\(count) deliveries are posted again")
    }
  }
}
