internal import ArgumentParser
internal import FleetContracts
internal import Webhooks

/// `tessera webhooks add`
struct WebhooksAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Posts a tenant's events to a URL from now on, and shows the secret once.",
    discussion: """
      The secret is what the receiver verifies signatures with; it isn't shown again.

        tessera webhooks add https://ris.example.org/tessera
        tessera webhooks add https://ris.example.org/tessera --tenant ward7 --state completed --state failed
      """)

  @Argument(help: "https, or http on this machine (TESSERA_WEBHOOK_PLAIN=true allows http anywhere).")
  var url: String

  @Option(help: "Whose runs it is told of.", transform: UrgencyWord.tenant)
  var tenant = Tenant.default

  @Option(
    name: .customLong("state"),
    help: "A state that it is told of; given more than once for several. Default: completed, failed, cancelled.",
    completion: .list(RunState.allCases.map(\.rawValue)))
  var states: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var webhook: String
    var url: String
    var tenant: Tenant
    var states: [String]
    var secret: String
  }

  func run() async throws {
    try await Failures.reported {
      let adapters = try await fleet.adapters(for: "webhooks")
      let (ledger, settings) = (try await adapters.ledger(), adapters.settings)
      let address = try WebhookAddress(url, allowsPlain: settings.allowsPlainWebhooks)
      let chosen = try states.map { word in
        guard let state = RunState(rawValue: word) else {
          throw InputError(
            "There is no state \(word); there are \(RunState.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return state
      }
      let webhook = Webhook(
        tenant: tenant, url: address.description, states: chosen.isEmpty ? Webhook.ends : Set(chosen))
      let secret = WebhookSecret()
      try await ledger.add(webhook, secret: secret)
      let id = webhook.id.uuidString.lowercased()
      let words = webhook.states.map(\.rawValue).sorted()
      if json {
        return try Output.json(
          Report(webhook: id, url: webhook.url, tenant: tenant, states: words, secret: secret.revealed))
      }
      Output.line("webhook  \(id)")
      Output.line("tells    \(words.joined(separator: ", ")) of tenant \(tenant)")
      Output.line("secret   \(secret.revealed)")
      Output.note("Keep the secret where the receiver is; it isn't shown again.")
    }
  }
}
