internal import ArgumentParser
internal import FleetContracts

/// `tessera token revoke`
struct TokenRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Makes tokens worthless: within five seconds they open nothing any more.",
    discussion: """
      Runs that were made with them go on.

        tessera token revoke pacs-gateway
      """)

  @Argument(help: "The tokens' names, as `tessera token list` prints them.")
  var names: [String]

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "token").ledger()
      var isMissing = false
      for name in names {
        if try await ledger.revokeAccessToken(named: name) {
          Output.line("token \(name) is revoked")
        } else {
          Output.note("There is no token \(name); `tessera token list` shows those that there are.")
          isMissing = true
        }
      }
      if isMissing { throw ExitCodes.data }
    }
  }
}
