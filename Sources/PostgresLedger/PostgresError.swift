/// What PostgreSQL, or the way to it, answered instead of a result. It never holds parameters or the connection string.
struct PostgresError: Error, Hashable, CustomStringConvertible {
  enum Cause: Hashable {
    /// The server is away, starting, stopping, full or read-only: later it may work.
    case outage
    /// Two transactions got into each other's way: again at once.
    case contention
    /// The server is there but doesn't let this process in: wrong password, missing database.
    case refused
    /// Tables or columns are missing.
    case notMigrated
    /// A mistake of ours, or of whoever changed the database by hand.
    case statement
  }

  var cause: Cause
  /// The server's code (SQLSTATE), where it sent one.
  var state: String?
  var message: String

  var description: String {
    guard let state else { return "PostgreSQL: \(message)" }
    let advice = state == "42501" ? "; use a login that may do it (`tessera migrate roles` says which are there)" : ""
    return "PostgreSQL refused a statement (\(state)): \(message)\(advice)"
  }

  /// The cause that a SQLSTATE tells (PostgreSQL's manual, appendix A).
  static func cause(ofState state: String) -> Cause {
    switch state {
    // serialization_failure, deadlock_detected, lock_not_available, query_canceled (by statement_timeout)
    case "40001", "40P01", "55P03", "57014": return .contention
    // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, read_only_sql_transaction,
    // idle_in_transaction_session_timeout
    case "57P01", "57P02", "57P03", "57P05", "25006", "25P03": return .outage
    // undefined_table, invalid_schema_name, undefined_column, undefined_function, undefined_object
    case "42P01", "3F000", "42703", "42883", "42704": return .notMigrated
    default: break
    }
    switch state.prefix(2) {
    // connection exception, insufficient resources (disk, memory, connections), system error
    case "08", "53", "58": return .outage
    // invalid authorization, invalid catalog (database) name
    case "28", "3D": return .refused
    default: return .statement
    }
  }
}
