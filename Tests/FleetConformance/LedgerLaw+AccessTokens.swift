internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  private static func made(_ name: String, secret: String? = nil) throws -> AccessToken {
    try AccessToken(
      name: name, digest: LedgerBench.digest(secret ?? name), tenant: Tenant("radiology"), scopes: [.submit, .read],
      createdAt: Date(timeIntervalSince1970: 1_700_000_000), expiresAt: Date(timeIntervalSince1970: 4_000_000_000.5))
  }

  static let accessTokens = [
    LedgerLaw("a token is found by its secret's digest, as it was kept") { bench in
      let ledger = try await bench.ledger()
      let token = try made("pacs")
      #expect(try await ledger.accessToken(token.digest) == nil)
      try await ledger.keep(token)
      #expect(try await bench.ledger().accessToken(token.digest) == token)
      #expect(try await ledger.accessToken(LedgerBench.digest("another secret")) == nil)
      var admin = try made("admin")
      admin.scopes = [.admin]
      admin.expiresAt = nil
      try await ledger.keep(admin)
      #expect(try await ledger.accessTokens() == [admin, token])
    },
    LedgerLaw("a token's name is taken for good, and keeping the same token again is harmless") { bench in
      let ledger = try await bench.ledger()
      try await ledger.keep(made("pacs"))
      try await ledger.keep(made("pacs"))
      await #expect(throws: AccessTokenError.nameTaken("pacs")) { try await ledger.keep(made("pacs", secret: "x")) }
      _ = try await ledger.revokeAccessToken(named: "pacs")
      await #expect(throws: AccessTokenError.nameTaken("pacs")) { try await ledger.keep(made("pacs", secret: "x")) }
      #expect(try await ledger.accessTokens().count == 1)
    },
    LedgerLaw("a revoked token stays revoked since the first time") { bench in
      let ledger = try await bench.ledger()
      let token = try made("pacs")
      #expect(try await ledger.revokeAccessToken(named: "pacs") == false)
      try await ledger.keep(token)
      #expect(try await ledger.revokeAccessToken(named: "pacs"))
      let revoked = try #require(try await ledger.accessToken(token.digest))
      #expect(revoked.revokedAt != nil && !revoked.isValid(at: Date()))
      #expect(try await ledger.revokeAccessToken(named: "pacs"))
      #expect(try await ledger.accessToken(token.digest) == revoked)
    },
  ]
}
