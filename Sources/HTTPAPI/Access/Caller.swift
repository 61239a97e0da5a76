internal import FleetContracts

/// Who asks.
struct Caller: Hashable, Sendable {
  /// The token's name.
  var name: String
  var tenant: Tenant
  var scopes: Set<TokenScope>

  /// Whoever comes to a server that is open: an operator who tries it out on the own machine.
  static let anyone = Caller(name: "anyone", tenant: .default, scopes: Set(TokenScope.allCases))

  init(name: String, tenant: Tenant, scopes: Set<TokenScope>) {
    self.name = name
    self.tenant = tenant
    self.scopes = scopes
  }

  init(_ token: AccessToken) { self.init(name: token.name, tenant: token.tenant, scopes: token.scopes) }

  /// The scope admin includes all.
  func may(_ scope: TokenScope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

  /// Whether it is told of a tenant's runs.
  func sees(_ tenant: Tenant) -> Bool { tenant == self.tenant || scopes.contains(.admin) }
}
