/// Looks into a ledger with SQL of the caller's own, for reports that check what the ledger holds. Each question is one transaction that may
/// only read.
public struct LedgerInspector: Sendable {
  private let pool: ConnectionPool

  /// - Parameters:
  ///   - url: libpq's connection string. It is a secret.
  ///   - patience: How long an outage of the database is waited through.
  /// - Throws: `LedgerError.unavailable` when the string can't be read. Nothing is connected yet.
  public init(url: String, patience: Duration = .seconds(60)) throws {
    pool = ConnectionPool(try ConnectionSettings(url: url), connections: 1, patience: patience)
  }

  /// The answer's rows, each with its fields as PostgreSQL writes them, in the order of the columns; `nil` for null.
  /// - Throws: `LedgerError.unavailable` after an outage that lasted too long; an error with the server's message for a statement that it
  ///   refuses.
  public func rows(_ sql: String) async throws -> [[String?]] {
    try await pool.transaction { database in
      try database.execute("SET TRANSACTION READ ONLY")
      return try database.execute(sql).map(\.texts)
    }
  }

  public func close() async { await pool.close() }
}
