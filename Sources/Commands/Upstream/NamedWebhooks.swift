internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// Webhooks that a command is about, one after the other.
struct NamedWebhooks: ParsableArguments {
  @Argument(help: "As `tessera webhooks list` prints them.")
  var webhooks: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var webhook: String
    var outcome: String
  }

  /// Prints what `body` says of each.
  func each(_ body: (any Ledger, UUID) async throws -> String) async throws {
    try await Failures.reported {
      let ids = try webhooks.map(WebhooksCommand.identifier)
      let ledger = try await fleet.adapters(for: "webhooks").ledger()
      var reports: [Report] = []
      for id in ids {
        let report = Report(webhook: id.uuidString.lowercased(), outcome: try await body(ledger, id))
        reports.append(report)
        if !json { Output.line("webhook \(report.webhook) \(report.outcome)") }
      }
      if json { try Output.json(reports) }
    }
  }
}
