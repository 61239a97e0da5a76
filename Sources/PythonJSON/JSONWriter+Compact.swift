extension JSONValue {
  /// JSON on one line, as programs exchange it: keys in the order of their code points, and null in the place of what JSON has no number for.
  public var compact: String {
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .float(let value): return value.isFinite ? value.description : "null"
    case .string(let value): return Self.quoted(value)
    case .array(let values): return "[" + values.map(\.compact).joined(separator: ",") + "]"
    case .object(let entries):
      let keys = entries.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      return "{" + keys.map { "\(Self.quoted($0)):\(entries[$0]?.compact ?? "null")" }.joined(separator: ",") + "}"
    }
  }
}
