/// Why bytes aren't JSON: one sentence that says where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
}

extension JSONValue {
  /// Deeper than any file of nnU-Net's, and shallow enough for every thread's stack.
  public static let maximumDepth = 64

  /// Reads JSON, with the words that Python adds to it, from untrusted bytes.
  /// - Throws: `JSONError` for anything else, for nesting beyond `maximumDepth`, and for bytes behind the value.
  public init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
    var parser = JSONParser(bytes: Array(bytes))
    self = try parser.document()
  }
}

struct JSONParser {
  let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSONValue {
    let result = try value(depth: 0)
    skipSpace()
    guard place == bytes.count else { throw error("something follows the value") }
    return result
  }

  private func error(_ why: String) -> JSONError {
    JSONError(description: "the JSON is wrong at byte \(place) of \(bytes.count): \(why)")
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < JSONValue.maximumDepth else { throw error("it is nested more than \(JSONValue.maximumDepth) deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw error("it ends where a value was expected")
    default: break
    }
    let words: [(String, JSONValue)] = [
      ("null", .null), ("true", .boolean(true)), ("false", .boolean(false)), ("NaN", .float(.nan)),
      ("Infinity", .float(.infinity)), ("-Infinity", .float(-.infinity)),
    ]
    for (word, meaning) in words where bytes[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return meaning
    }
    return try number()
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    place += 1
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw error("expected , or ] in a list") }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    place += 1
    var entries: [String: JSONValue] = [:]
    skipSpace()
    if take("}") { return .object([:]) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("expected the text of a key") }
      let key = try string()
      skipSpace()
      guard take(":") else { throw error("expected : behind a key") }
      entries[key] = try value(depth: depth + 1)
      skipSpace()
      if take("}") { return .object(entries) }
      guard take(",") else { throw error("expected , or } in an object") }
    }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = place
    var isInteger = true
    _ = take("-")
    let digits = try skipDigits()
    guard digits == 1 || bytes[place - digits] != UInt8(ascii: "0") else { throw error("a number begins with 0") }
    if take(".") {
      isInteger = false
      _ = try skipDigits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      place += 1
      isInteger = false
      if !take("-") { _ = take("+") }
      _ = try skipDigits()
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw error("'\(text.prefix(40))' is no number") }
    return .float(value)
  }

  private mutating func skipDigits() throws(JSONError) -> Int {
    let start = place
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    guard place > start else { throw error("expected a value") }
    return place - start
  }

  private mutating func string() throws(JSONError) -> String {
    place += 1
    var text: [UInt8] = []
    while true {
      guard let byte = next else { throw error("a text doesn't end") }
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else { throw error("a text isn't UTF-8") }
        return result
      case UInt8(ascii: "\\"): text.append(contentsOf: try escaped())
      case 0..<0x20: throw error("a text holds a control character")
      default: text.append(byte)
      }
    }
  }

  private mutating func escaped() throws(JSONError) -> [UInt8] {
    guard let byte = next else { throw error("a text doesn't end") }
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), bytes[place...].starts(with: "\\u".utf8) {
        place += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard place + 4 <= bytes.count, bytes[place..<place + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
    else { throw error("expected four hexadecimal digits") }
    place += 4
    return code
  }
}
