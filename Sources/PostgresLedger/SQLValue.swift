internal import Digests
internal import FleetContracts
internal import Foundation

/// What can stand for `$1` in a statement.
protocol SQLValue {
  var sqlText: String { get }
}

extension String: SQLValue {
  /// PostgreSQL's text can't hold NUL, and C would end there: its visible sign takes its place.
  var sqlText: String { replacing("\0", with: "\u{2400}") }
}

extension Int: SQLValue { var sqlText: String { description } }
extension Double: SQLValue { var sqlText: String { description } }
extension Digest: SQLValue { var sqlText: String { hexadecimal } }
extension RunID: SQLValue { var sqlText: String { description } }
extension PassID: SQLValue { var sqlText: String { description } }
extension TraceContext: SQLValue { var sqlText: String { description } }
extension RunClass: SQLValue { var sqlText: String { rawValue } }
extension Tenant: SQLValue { var sqlText: String { name } }

/// In seconds since 1970, for `to_timestamp(…)`.
extension Date: SQLValue { var sqlText: String { timeIntervalSince1970.description } }

/// In seconds, for `make_interval(secs => …)`.
extension Duration: SQLValue {
  var sqlText: String { (Double(components.seconds) + Double(components.attoseconds) * 1e-18).description }
}

/// A list or a structure as one parameter: the statement takes it apart with PostgreSQL's JSON functions.
struct SQLJSON: SQLValue {
  let sqlText: String

  init(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    sqlText = String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
