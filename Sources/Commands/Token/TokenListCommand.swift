internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera token list`
struct TokenListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists tokens by name; the tokens themselves are kept nowhere.",
    discussion: """
        tessera token list
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var name: String
    var tenant: Tenant
    var scopes: [TokenScope]
    /// `valid`, `expired` or `revoked`.
    var state: String
    var createdAt: Date
    var expiresAt: Date?
    var revokedAt: Date?

    init(_ token: AccessToken, now: Date = Date()) {
      name = token.name
      tenant = token.tenant
      scopes = token.scopes.sorted()
      state = token.revokedAt != nil ? "revoked" : token.isValid(at: now) ? "valid" : "expired"
      createdAt = token.createdAt
      expiresAt = token.expiresAt
      revokedAt = token.revokedAt
    }
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "token").ledger()
      let tokens = try await ledger.accessTokens().map { Report($0) }
      if json { return try Output.json(tokens) }
      guard !tokens.isEmpty else { return Output.line("No tokens yet; `tessera token create` makes one.") }
      var table = TextTable([
        ("name", .left), ("tenant", .left), ("scopes", .left), ("state", .left), ("made", .left), ("until", .left),
      ])
      for token in tokens {
        table.add([
          token.name, token.tenant.name, token.scopes.map(\.rawValue).joined(separator: " "), token.state,
          token.createdAt.formatted(.iso8601), (token.revokedAt ?? token.expiresAt)?.formatted(.iso8601) ?? "",
        ])
      }
      Output.line(table.rendered())
    }
  }
}
