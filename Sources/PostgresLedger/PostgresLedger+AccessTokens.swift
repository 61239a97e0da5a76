public import Digests
public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func keep(_ token: AccessToken) async throws {
    try await pool.transaction { database in
      let added = try database.execute(
        """
        INSERT INTO fleet.access_tokens (digest, name, tenant, scopes, created_at, expires_at, revoked_at)
        SELECT $1, $2, $3, ARRAY(SELECT jsonb_array_elements_text($4::jsonb)), to_timestamp($5), to_timestamp($6), to_timestamp($7)
        ON CONFLICT DO NOTHING
        """,
        [
          token.digest, token.name, token.tenant, try SQLJSON(token.scopes.sorted()), token.createdAt,
          token.expiresAt, token.revokedAt,
        ])
      guard added.affected == 0 else { return }
      // When the answer to the first commit got lost, the second try finds its own row.
      let own = try database.execute(
        "SELECT 1 FROM fleet.access_tokens WHERE digest = $1 AND name = $2", [token.digest, token.name])
      if own.isEmpty { throw AccessTokenError.nameTaken(token.name) }
    }
  }

  public func accessTokens() async throws -> [AccessToken] {
    try await pool.transaction { database in
      try database.execute("\(Self.tokenColumns) ORDER BY name COLLATE \"C\"").map(Self.accessToken)
    }
  }

  public func accessToken(_ digest: Digest) async throws -> AccessToken? {
    try await pool.transaction { database in
      try database.execute("\(Self.tokenColumns) WHERE digest = $1", [digest]).first.map(Self.accessToken)
    }
  }

  public func revokeAccessToken(named name: String) async throws -> Bool {
    try await pool.transaction { database in
      try database.execute(
        "UPDATE fleet.access_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE name = $1", [name]
      ).affected == 1
    }
  }

  private static let tokenColumns = """
    SELECT digest, name, tenant, array_to_json(scopes) AS scopes, extract(epoch FROM created_at) AS created_at,
           extract(epoch FROM expires_at) AS expires_at, extract(epoch FROM revoked_at) AS revoked_at
    FROM fleet.access_tokens
    """

  private static func accessToken(_ row: Row) throws -> AccessToken {
    try AccessToken(
      name: try row.value("name"), digest: try row.value("digest"), tenant: try row.value("tenant"),
      scopes: try row.json("scopes") ?? [], createdAt: try row.value("created_at"),
      expiresAt: try row.optional("expires_at"), revokedAt: try row.optional("revoked_at"))
  }
}
