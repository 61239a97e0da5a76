public import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func keep(_ token: AccessToken) async throws {
    if tokens.contains(where: { $0.name == token.name && $0.digest == token.digest }) { return }
    guard !tokens.contains(where: { $0.name == token.name || $0.digest == token.digest }) else {
      throw AccessTokenError.nameTaken(token.name)
    }
    tokens.append(token)
  }

  public func accessTokens() async throws -> [AccessToken] { tokens.sorted { $0.name < $1.name } }

  public func accessToken(_ digest: Digest) async throws -> AccessToken? { tokens.first { $0.digest == digest } }

  public func revokeAccessToken(named name: String) async throws -> Bool {
    guard let index = tokens.firstIndex(where: { $0.name == name }) else { return false }
    if tokens[index].revokedAt == nil { tokens[index].revokedAt = Date() }
    return true
  }
}
