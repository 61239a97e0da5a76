internal import CPostgres
internal import Digests
internal import FleetContracts
internal import Foundation

/// The rows that a statement returned, copied out of libpq's memory.
struct Rows: RandomAccessCollection {
  private let columns: [String: Int]
  private let values: [[String?]]
  /// In their order.
  let columnNames: [(name: String, isNumber: Bool)]
  /// Rows that were inserted, updated, deleted or selected.
  let affected: Int

  init(_ result: OpaquePointer?) {
    let names = (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
    columnNames = names.enumerated().map { ($1, Self.numbers.contains(PQftype(result, Int32($0)))) }
    columns = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    values = (0..<PQntuples(result)).map { row in
      (0..<Int32(names.count)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
      }
    }
    affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
  }

  /// The types int8, int2, int4, oid, float4, float8 and numeric.
  private static let numbers: Set<Oid> = [20, 21, 23, 26, 700, 701, 1700]

  var startIndex: Int { 0 }
  var endIndex: Int { values.count }
  subscript(position: Int) -> Row { Row(columns: columns, values: values[position]) }
}

/// One row; its fields are asked for by name and type.
struct Row {
  fileprivate let columns: [String: Int]
  fileprivate let values: [String?]

  /// All fields as PostgreSQL writes them, in the order of the columns.
  var texts: [String?] { values }

  /// - Throws: `PostgresError` when the column is missing, null or of another type.
  func value<Value: SQLReadable>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
    guard let value = try optional(column, as: type) else { throw misfit(column, type, found: "null") }
    return value
  }

  func optional<Value: SQLReadable>(_ column: String, as type: Value.Type = Value.self) throws -> Value? {
    guard let index = columns[column] else { throw misfit(column, type, found: "no such column") }
    guard let text = values[index] else { return nil }
    guard let value = Value(sqlText: text) else { throw misfit(column, type, found: "something else") }
    return value
  }

  /// A column that holds JSON; `nil` for null.
  func json<Value: Decodable>(_ column: String, as type: Value.Type = Value.self) throws -> Value? {
    guard let text = try optional(column, as: String.self) else { return nil }
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw misfit(column, type, found: "other JSON")
    }
  }

  private func misfit(_ column: String, _ type: Any.Type, found: String) -> PostgresError {
    PostgresError(
      cause: .statement, message: "reading the column \(column): expected \(type), found \(found) in the answer.")
  }
}

/// What a field can be read as.
protocol SQLReadable {
  init?(sqlText: String)
}

extension String: SQLReadable { init?(sqlText: String) { self = sqlText } }
extension Int: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension Int64: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension Double: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension Bool: SQLReadable {
  init?(sqlText: String) {
    guard sqlText == "t" || sqlText == "f" else { return nil }
    self = sqlText == "t"
  }
}
extension Digest: SQLReadable { init?(sqlText: String) { self.init(hexadecimal: sqlText) } }
extension RunID: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension PassID: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension RunState: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
extension RunClass: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
extension Tenant: SQLReadable { init?(sqlText: String) { try? self.init(sqlText) } }
extension FailureKind: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }
extension TraceContext: SQLReadable { init?(sqlText: String) { self.init(sqlText) } }
extension QueueName: SQLReadable { init?(sqlText: String) { self.init(rawValue: sqlText) } }

/// Selected as seconds since 1970: `extract(epoch FROM …)`.
extension Date: SQLReadable {
  init?(sqlText: String) {
    guard let seconds = Double(sqlText) else { return nil }
    self.init(timeIntervalSince1970: seconds)
  }
}
