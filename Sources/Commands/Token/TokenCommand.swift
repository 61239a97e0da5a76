internal import ArgumentParser

/// `tessera token`
struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Makes, lists and revokes the HTTP API's tokens.",
    discussion: """
      A token belongs to a tenant and has scopes: submit (hand in images and runs, cancel), read (see the tenant's runs and results, models,
      workers, the queue), admin (all of it for every tenant, and dead letters).

        tessera token create pacs-gateway --tenant radiology --scope submit --scope read --expires 365d
        tessera token list
        tessera token revoke pacs-gateway
      """,
    subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self])
}
