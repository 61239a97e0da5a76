internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera webhooks list`
struct WebhooksListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists webhooks, the oldest first.",
    discussion: """
        tessera webhooks list --tenant ward7
      """)

  @Option(help: "Only this tenant's.", transform: UrgencyWord.tenant)
  var tenant: Tenant?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var webhook: String
    var tenant: Tenant
    var url: String
    var states: [String]
    var createdAt: Date
    var disabledAt: Date?
    var disabledReason: String?
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "webhooks").ledger()
      let reports = try await ledger.webhooks(of: tenant).map { webhook in
        Report(
          webhook: webhook.id.uuidString.lowercased(), tenant: webhook.tenant, url: webhook.url,
          states: webhook.states.map(\.rawValue).sorted(), createdAt: webhook.createdAt, disabledAt: webhook.disabledAt,
          disabledReason: webhook.disabledReason)
      }
      if json { return try Output.json(reports) }
      guard !reports.isEmpty else { return Output.line("No webhooks; `tessera webhooks add URL` makes one.") }
      var table = TextTable([("webhook", .left), ("tenant", .left), ("url", .left), ("told of", .left), ("", .left)])
      for report in reports {
        table.add([
          report.webhook, report.tenant.name, report.url, report.states.joined(separator: ", "),
          report.disabledAt.map { "disabled since \($0.formatted(.iso8601))" } ?? "",
        ])
      }
      Output.line(table.rendered())
    }
  }
}
