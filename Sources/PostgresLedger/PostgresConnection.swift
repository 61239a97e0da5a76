internal import CPostgres

/// One connection to PostgreSQL. libpq allows a connection to be used by one thread at a time; here it belongs to the thread
/// of its `Lane`. All calls block.
final class PostgresConnection {
  private let handle: OpaquePointer
  private let settings: ConnectionSettings

  /// Connects.
  /// - Throws: `PostgresError` of cause `.outage` or `.refused`.
  init(_ settings: ConnectionSettings) throws {
    self.settings = settings
    guard let handle = settings.withKeywords({ PQconnectdbParams($0, $1, 0) }) else {
      throw PostgresError(cause: .outage, message: "out of memory")
    }
    self.handle = handle
    // By default libpq prints the server's notices to standard error.
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    guard PQstatus(handle) == CONNECTION_OK else {
      let message = settings.redacted(String(cString: PQerrorMessage(handle)))
      // libpq doesn't hand out the SQLSTATE of a refused connection. But a server that answers a ping and still refuses, or
      // settings with which nothing can be tried at all, are nothing that waiting cures.
      let ping = settings.forPing.withKeywords { PQpingParams($0, $1, 0) }
      let isHopeless = ping == PQPING_OK || ping == PQPING_NO_ATTEMPT
      throw PostgresError(cause: isHopeless ? .refused : .outage, message: message)
    }
  }

  deinit { PQfinish(handle) }

  /// Whether the connection is lost.
  var isBroken: Bool { PQstatus(handle) != CONNECTION_OK }

  /// Runs one statement; `$1`, `$2` … stand for `parameters`.
  /// - Throws: `PostgresError`.
  @discardableResult
  func execute(_ sql: String, _ parameters: [(any SQLValue)?] = []) throws -> Rows {
    let result = withCStrings(parameters.map { $0?.sqlText }) { values in
      PQexecParams(handle, sql, Int32(parameters.count), nil, values, nil, nil, 0)
    }
    return try read(result)
  }

  /// Runs a script of several statements without parameters.
  /// - Throws: `PostgresError`.
  func run(script: String) throws { _ = try read(PQexec(handle, script)) }

  /// Runs `body` in a transaction, which is rolled back when it throws.
  func transaction<Value>(_ body: (PostgresConnection) throws -> Value) throws -> Value {
    try execute("BEGIN")
    do {
      let value = try body(self)
      try execute("COMMIT")
      return value
    } catch {
      if !isBroken { _ = try? execute("ROLLBACK") }
      throw error
    }
  }

  private func read(_ result: OpaquePointer?) throws -> Rows {
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return Rows(result)
    default: throw error(of: result)
    }
  }

  private func error(of result: OpaquePointer?) -> PostgresError {
    let state = field("C", of: result)
    let message = field("M", of: result) ?? settings.redacted(String(cString: PQerrorMessage(handle)))
    let cause = isBroken ? .outage : state.map(PostgresError.cause(ofState:)) ?? .statement
    return PostgresError(cause: cause, state: state, message: settings.redacted(message))
  }

  /// A field of an error report, by PostgreSQL's letter (`PG_DIAG_…`): C for the SQLSTATE, M for the message without values.
  private func field(_ letter: Unicode.Scalar, of result: OpaquePointer?) -> String? {
    PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
  }
}
