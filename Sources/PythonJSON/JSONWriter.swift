extension JSONValue {
  /// The bytes that Python's `json.dump(value, sort_keys=True, indent=4)` writes, which is how nnU-Net writes its files: keys in the
  /// order of their code points, ASCII only, floats as the shortest text that reads back, `NaN` bare.
  public func serialized() -> [UInt8] {
    var text = ""
    append(to: &text, indentation: 0)
    return Array(text.utf8)
  }

  private static let indentation = 4

  private func append(to text: inout String, indentation: Int) {
    let inner = indentation + Self.indentation
    func lineBreak(_ count: Int) -> String { "\n" + String(repeating: " ", count: count) }
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .float(let value): text += Self.text(value)
    case .string(let value): text += Self.quoted(value)
    case .array(let values) where values.isEmpty: text += "[]"
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        text += (index > 0 ? "," : "") + lineBreak(inner)
        value.append(to: &text, indentation: inner)
      }
      text += lineBreak(indentation) + "]"
    case .object(let entries) where entries.isEmpty: text += "{}"
    case .object(let entries):
      text += "{"
      let keys = entries.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      for (index, key) in keys.enumerated() {
        text += (index > 0 ? "," : "") + lineBreak(inner) + Self.quoted(key) + ": "
        entries[key]?.append(to: &text, indentation: inner)
      }
      text += lineBreak(indentation) + "}"
    }
  }

  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return value.description
  }

  static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case " "..."~": text.unicodeScalars.append(scalar)
      default: for unit in String(Character(scalar)).utf16 { text += "\\u" + padded(String(unit, radix: 16)) }
      }
    }
    return text + "\""
  }

  private static func padded(_ digits: String) -> String { String(repeating: "0", count: 4 - digits.count) + digits }
}
