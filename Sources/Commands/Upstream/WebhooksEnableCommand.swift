internal import ArgumentParser

/// `tessera webhooks enable`
struct WebhooksEnableCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Posts to webhooks again that were disabled, as their receivers had answered 410.",
    discussion: """
      What was given up meanwhile is posted by `tessera webhooks replay --failed`.

        tessera webhooks enable 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @OptionGroup var named: NamedWebhooks

  func run() async throws {
    try await named.each { ledger, id in try await ledger.enableWebhook(id) ? "is enabled" : "wasn't disabled" }
  }
}
