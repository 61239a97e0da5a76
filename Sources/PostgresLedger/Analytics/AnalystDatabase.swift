/// A database as an analyst looks at it: nothing is written, and no ledger of this version is needed.
public struct AnalystDatabase: Sendable {
  private let settings: ConnectionSettings
  private let patience: Duration

  /// What a query has found.
  public struct Answer: Hashable, Sendable {
    public struct Column: Hashable, Sendable {
      public var name: String
      /// Whether its values are numbers.
      public var isNumber: Bool
    }

    public var columns: [Column]
    /// As PostgreSQL writes them; `nil` for null.
    public var rows: [[String?]]
  }

  /// - Parameters:
  ///   - url: libpq's connection string. It is a secret.
  ///   - patience: How long an outage of the database is waited through.
  /// - Throws: `LedgerError.unavailable` when the string can't be read.
  public init(url: String, patience: Duration = .seconds(10)) throws {
    settings = try ConnectionSettings(url: url)
    self.patience = patience
  }

  /// Runs one statement; `$1`, `$2` … stand for `values`, which are text.
  /// - Throws: `PostgresError`, `LedgerError.unavailable`.
  public func answer(_ sql: String, _ values: [String] = []) async throws -> Answer {
    try await reading { database in
      let rows = try database.execute(sql, values)
      return Answer(
        columns: rows.columnNames.map { Answer.Column(name: $0.name, isNumber: $0.isNumber) }, rows: rows.map(\.texts))
    }
  }

  /// The same answer as a JSON array of objects, values in JSON's own types.
  /// - Throws: As `answer`.
  public func json(_ sql: String, _ values: [String] = []) async throws -> String {
    try await reading { database in
      try database.execute("SELECT coalesce(json_agg(row_to_json(q)), '[]') AS answer FROM (\(sql)) q", values)
        .first?.value("answer") ?? "[]"
    }
  }

  /// What the database's comments say of tables and views.
  /// - Throws: As `answer`.
  public func dictionary() async throws -> DataDictionary { try await reading { try DataDictionary(of: $0) } }

  private func reading<Value: Sendable>(_ body: @Sendable @escaping (PostgresConnection) throws -> Value) async throws
    -> Value
  {
    let pool = ConnectionPool(settings, connections: 1, patience: patience)
    do {
      let value = try await pool.transaction { database in
        try database.execute("SET TRANSACTION READ ONLY")
        // Long looks at tables on disks without arms, as the role tessera_analyst has it too.
        try database.execute("SET LOCAL random_page_cost = 1.1")
        try database.execute("SET LOCAL work_mem = '64MB'")
        try database.execute("SET LOCAL jit = off")
        return try body(database)
      }
      await pool.close()
      return value
    } catch {
      await pool.close()
      throw error
    }
  }
}
