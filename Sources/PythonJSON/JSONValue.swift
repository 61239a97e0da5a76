/// A value of JSON as Python's `json` module reads and writes it: JSON itself, and the bare words `NaN`, `Infinity` and `-Infinity`
/// that nnU-Net's files hold where a mean has no value. Foundation's decoders refuse those words.
///
///     let summary = try JSONValue(parsing: bytes)
///     let dice = summary["results"]?["mean"]?["1"]?["Dice"]?.number
public enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// A number that was written without fraction and exponent, and fits.
  case integer(Int)
  case float(Double)
  case string(String)
  case array([JSONValue])
  /// Keys are unique; of equal ones in a file the last counts, as in Python.
  case object([String: JSONValue])
}

extension JSONValue {
  /// The value of an object's key; `nil` for another kind of value, or without the key.
  public subscript(key: String) -> JSONValue? {
    if case .object(let entries) = self { return entries[key] }
    return nil
  }

  /// With null in the place of NaN and infinities, for readers that know JSON alone.
  public func replacingNonNumbers() -> JSONValue {
    switch self {
    case .float(let value) where !value.isFinite: .null
    case .array(let values): .array(values.map { $0.replacingNonNumbers() })
    case .object(let entries): .object(entries.mapValues { $0.replacingNonNumbers() })
    default: self
    }
  }

  public var isNull: Bool { self == .null }

  /// An integer, or a float without a fraction that fits, such as `3.0`.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .float(let value): Int(exactly: value)
    default: nil
    }
  }

  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  public var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  public var array: [JSONValue]? {
    if case .array(let values) = self { return values }
    return nil
  }

  public var object: [String: JSONValue]? {
    if case .object(let entries) = self { return entries }
    return nil
  }
}
