internal import Digests
internal import FleetContracts
internal import Foundation
internal import Hummingbird
internal import Synchronization

/// Lets requests in: knows callers by their tokens, and holds each to its rate.
final class AccessGate: Sendable {
  private let ledger: any AccessTokenKeeping
  /// Whether whoever has no token may do everything.
  private let isOpen: Bool
  private let limiter: RateLimiter
  private let known = Mutex<[Digest: (token: AccessToken?, at: ContinuousClock.Instant)]>([:])

  /// How long a token's state is believed: a revoked token opens nothing any more after that.
  private static let lifetime = Duration.seconds(5)
  /// So many secrets are remembered at most, right or wrong.
  private static let mostKnown = 10_000

  init(ledger: any AccessTokenKeeping, isOpen: Bool, limiter: RateLimiter) {
    self.ledger = ledger
    self.isOpen = isOpen
    self.limiter = limiter
  }

  /// The caller, who may do what needs `scope`.
  /// - Throws: `Problem` of kind unauthorized, forbidden or tooManyRequests, `LedgerError`.
  func admit(_ request: Request, _ context: APIContext, scope: TokenScope?) async throws -> Caller {
    guard let scope else {
      // No token is looked at: whoever guesses secrets learns nothing here.
      try limiter.take(.address(context.address))
      return Caller(name: "anyone", tenant: .default, scopes: [])
    }
    guard let secret = Self.secret(request) else {
      try limiter.take(.address(context.address))
      if isOpen, request.headers[.authorization] == nil { return .anyone }
      throw Problem(.unauthorized, "Send a token: Authorization: Bearer …; `tessera token create` makes one.")
    }
    guard let token = try await token(secret), token.isValid(at: Date()) else {
      try limiter.take(.address(context.address))
      throw Problem(.unauthorized, "The token isn't known, was revoked, or has expired.")
    }
    try limiter.take(.token(token.digest))
    let caller = Caller(token)
    guard caller.may(scope) else {
      throw Problem(.forbidden, "The token \(token.name) hasn't the scope \(scope.rawValue).")
    }
    return caller
  }

  /// What stands behind `Bearer` (RFC 6750, section 2.1).
  private static func secret(_ request: Request) -> String? {
    guard let header = request.headers[.authorization] else { return nil }
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    return words[1].trimmingCharacters(in: .whitespaces)
  }

  private func token(_ secret: String) async throws -> AccessToken? {
    let digest = Digest(of: secret.utf8)
    let now = ContinuousClock.now
    if let (token, time) = known.withLock({ $0[digest] }), now - time < Self.lifetime { return token }
    let token = try await ledger.accessToken(digest)
    known.withLock { known in
      if known.count >= Self.mostKnown { known.removeAll() }
      known[digest] = (token, now)
    }
    return token
  }
}
