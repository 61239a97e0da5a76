internal import Foundation

/// Standard output, in one of two forms: text for people, JSON for programs.
enum Output {
  static func line(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// One JSON value on standard output, keys sorted.
  static func json(_ value: some Encodable) throws {
    line(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return encoder
  }

  /// A remark for people that isn't part of the result: standard error.
  static func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}
