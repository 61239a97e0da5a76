public import Digests
public import Foundation
internal import Wording

/// A bearer token of the HTTP API as the ledger keeps it: never the secret itself, only its SHA-256. The secret has 256 random bits, so its
/// digest gives nothing away.
public struct AccessToken: Hashable, Sendable {
  /// What an operator calls it, such as `pacs-gateway`; unique, also among revoked ones. The same form as a tenant's name.
  public let name: String
  /// SHA-256 of the secret's text.
  public var digest: Digest
  /// Whose runs it makes and sees.
  public var tenant: Tenant
  public var scopes: Set<TokenScope>
  public var createdAt: Date
  public var expiresAt: Date?
  public var revokedAt: Date?

  /// - Throws: `AccessTokenError` for a name of another form, or without a scope.
  public init(
    name: String, digest: Digest, tenant: Tenant, scopes: Set<TokenScope>, createdAt: Date = Date(),
    expiresAt: Date? = nil, revokedAt: Date? = nil
  ) throws(AccessTokenError) {
    guard (try? Tenant(name)) != nil else { throw .name(name) }
    guard !scopes.isEmpty else { throw .noScope }
    self.name = name
    self.digest = digest
    self.tenant = tenant
    self.scopes = scopes
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }

  /// Whether it opens anything at `time`.
  public func isValid(at time: Date) -> Bool { revokedAt == nil && expiresAt.map { $0 > time } ?? true }
}

/// The part of the ledger that keeps the HTTP API's tokens.
public protocol AccessTokenKeeping: Sendable {
  /// Keeps a new token.
  /// - Throws: `AccessTokenError.nameTaken`.
  func keep(_ token: AccessToken) async throws
  /// All of them, by name, revoked ones too.
  func accessTokens() async throws -> [AccessToken]
  /// The token whose secret has this SHA-256, also when it was revoked.
  func accessToken(_ digest: Digest) async throws -> AccessToken?
  /// Makes a token worthless from now on. Harmless when it was revoked before: the first time stays.
  /// - Returns: Whether there is a token of that name.
  func revokeAccessToken(named name: String) async throws -> Bool
}

/// What is wrong with a token.
public enum AccessTokenError: Error, Hashable, CustomStringConvertible {
  case name(String)
  case nameTaken(String)
  case noScope

  public var description: String {
    switch self {
    case .name(let name):
      "The token name \(name.quotable()) can't be used: a name has 1 to 63 ASCII letters, digits, hyphens, underscores or dots and begins with a letter or digit."
    case .nameTaken(let name):
      "There is a token \(name) already, perhaps a revoked one; choose another name, such as \(name)-2."
    case .noScope: "A token needs at least one scope: submit, read or admin."
    }
  }
}
