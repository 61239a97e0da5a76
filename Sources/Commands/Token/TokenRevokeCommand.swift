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

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var name: String
    /// `false` where there is no such token.
    var isRevoked: Bool
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "token").ledger()
      var reports: [Report] = []
      for name in names {
        let isRevoked = try await ledger.revokeAccessToken(named: name)
        reports.append(Report(name: name, isRevoked: isRevoked))
        if !isRevoked {
          Output.note("There is no token \(name); `tessera token list` shows those that there are.")
        } else if !json {
          Output.line("token \(name) is revoked")
        }
      }
      if json { try Output.json(reports) }
      if reports.contains(where: { !$0.isRevoked }) { throw ExitCodes.data }
    }
  }
}
