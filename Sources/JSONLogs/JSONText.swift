internal import Logging

/// Pieces of JSON (RFC 8259) for logs.
enum JSONText {
  /// A string in quotation marks. Control characters, and what some readers take for the end of a line, are escaped.
  static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F || (0x2028...0x2029).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  static func value(_ value: Logger.Metadata.Value) -> String {
    switch value {
    case .string(let text): string(text)
    case .stringConvertible(let value): string(value.description)
    case .array(let values): "[" + values.map(Self.value).joined(separator: ",") + "]"
    case .dictionary(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(string(snakeCase($0.key))):\(Self.value($0.value))" }
        .joined(separator: ",") + "}"
    }
  }

  /// `labelVoxels` and `label.voxels` become `label_voxels`.
  static func snakeCase(_ name: String) -> String {
    var result = ""
    var last: Character = "_"
    for character in name {
      if character.isUppercase {
        if last != "_", !last.isUppercase { result += "_" }
        result += character.lowercased()
      } else {
        result += character.isLetter || character.isNumber ? String(character) : "_"
      }
      last = character
    }
    return result
  }
}
