internal import ArgumentParser

/// `tessera webhooks remove`
struct WebhooksRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes webhooks with what is on its way to them.",
    discussion: """
        tessera webhooks remove 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @OptionGroup var named: NamedWebhooks

  func run() async throws {
    try await named.each { ledger, id in try await ledger.removeWebhook(id) ? "is removed" : "wasn't there" }
  }
}
