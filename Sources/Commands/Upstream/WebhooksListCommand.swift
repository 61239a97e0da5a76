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

  @OptionGroup var fleet: FleetOptions

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
      let (ledger, _) = try await WebhooksCommand.ledger(fleet)
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

/// `tessera webhooks remove`
struct WebhooksRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes webhooks with what is on its way to them.",
    discussion: """
        tessera webhooks remove 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(help: "As `tessera webhooks list` prints them.")
  var webhooks: [String]

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ids = try webhooks.map(WebhooksCommand.identifier)
      let (ledger, _) = try await WebhooksCommand.ledger(fleet)
      for id in ids {
        let was = try await ledger.removeWebhook(id)
        Output.line("webhook \(id.uuidString.lowercased()) \(was ? "is removed" : "wasn't there")")
      }
    }
  }
}

/// `tessera webhooks enable`
struct WebhooksEnableCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Posts to webhooks again that were disabled, as their receivers had answered 410.",
    discussion: """
      What was given up meanwhile is posted by `tessera webhooks replay --failed`.

        tessera webhooks enable 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(help: "As `tessera webhooks list` prints them.")
  var webhooks: [String]

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ids = try webhooks.map(WebhooksCommand.identifier)
      let (ledger, _) = try await WebhooksCommand.ledger(fleet)
      for id in ids {
        let was = try await ledger.enableWebhook(id)
        Output.line("webhook \(id.uuidString.lowercased()) \(was ? "is enabled" : "wasn't disabled")")
      }
    }
  }
}
