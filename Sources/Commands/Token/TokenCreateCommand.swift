internal import ArgumentParser
internal import Digests
internal import FleetContracts
internal import Foundation

/// `tessera token create`
struct TokenCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Makes a token and prints it, once.",
    discussion: """
      The ledger keeps only the token's SHA-256: who loses a token needs a new one.

        tessera token create pacs-gateway --tenant radiology --scope submit --scope read
        TOKEN=$(tessera token create notebook --scope read --expires 30d)
      """)

  @Argument(help: "What it is called, such as the system that gets it.")
  var name: String

  @Option(help: ArgumentHelp("Whose runs it makes and sees.", valueName: "name"), transform: UrgencyWord.tenant)
  var tenant = Tenant.default

  @Option(
    name: .customLong("scope"),
    help: ArgumentHelp("What it is good for: submit, read or admin; may be given more than once.", valueName: "scope"),
    completion: .list(TokenScope.allCases.map(\.rawValue)),
    transform: scope)
  var scopes: [TokenScope]

  @Option(help: ArgumentHelp("When it becomes worthless, such as 365d. Default: never.", valueName: "time"))
  var expires: TimeSpan?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private static func scope(_ word: String) throws -> TokenScope {
    guard let scope = TokenScope(rawValue: word) else {
      throw ValidationError(
        "There is no scope \(word).\(Nearest.question(to: word, among: TokenScope.allCases.map(\.rawValue))) The scopes are submit, read and admin."
      )
    }
    return scope
  }

  private struct Report: Encodable {
    var token: String
    var name: String
    var tenant: Tenant
    var scopes: [TokenScope]
    var expiresAt: Date?
  }

  func validate() throws {
    guard !scopes.isEmpty else {
      throw ValidationError("Say what the token is good for by --scope submit, read or admin.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "token").ledger()
      let secret = TokenSecret.random()
      let token = try AccessToken(
        name: name, digest: Digest(of: secret.utf8), tenant: tenant, scopes: Set(scopes),
        expiresAt: expires.map { Date(timeIntervalSinceNow: $0.seconds) })
      try await ledger.keep(token)
      guard json else { return Output.line(secret) }
      try Output.json(
        Report(
          token: secret, name: name, tenant: tenant, scopes: token.scopes.sorted(), expiresAt: token.expiresAt))
    }
  }
}

/// The text that its bearer keeps.
enum TokenSecret {
  /// 256 random bits behind a word by which scanners for leaked secrets can know it.
  static func random() -> String {
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
    let text = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
      "=", with: "")
    return "tessera_\(text)"
  }
}
