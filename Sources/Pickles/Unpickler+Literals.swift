/// Numbers and text.
extension Unpickler {
  /// A two's complement integer of `count` bytes.
  mutating func pushLong(_ count: UInt64) throws(PickleError) {
    let bytes = try input.take(count)
    guard bytes.count <= 8 else { return push(.bigInteger(Array(bytes))) }
    var value: UInt64 = bytes.last.map { $0 >= 0x80 } == true ? .max : 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    push(.integer(Int64(bitPattern: value)))
  }

  mutating func pushText(_ count: UInt64) throws(PickleError) {
    // Python writes unpaired surrogates of odd file names too; they become U+FFFD.
    push(.string(String(decoding: try input.take(count), as: UTF8.self)))
  }

  mutating func pushLatin1(_ count: UInt64) throws(PickleError) {
    push(.string(latin1(try input.take(count))))
  }

  // MARK: Protocol 0, where values are lines of text

  mutating func unsignedLine() throws(PickleError) -> UInt64 {
    let line = try asciiLine(upTo: 20)
    guard let value = UInt64(line) else { throw malformed("'\(line)' isn't a number") }
    return value
  }

  mutating func pushIntegerLine() throws(PickleError) {
    switch try asciiLine(upTo: 21) {
    case "00": push(.bool(false))
    case "01": push(.bool(true))
    case let line:
      guard let value = Int64(line) else { throw malformed("'\(line)' isn't an integer of 64 bits") }
      push(.integer(value))
    }
  }

  mutating func pushLongLine() throws(PickleError) {
    let line = try asciiLine(upTo: 22)
    guard let value = Int64(line.hasSuffix("L") ? String(line.dropLast()) : line) else {
      throw malformed("'\(line)' isn't an integer of 64 bits")
    }
    push(.integer(value))
  }

  mutating func pushFloatLine() throws(PickleError) {
    let line = try asciiLine(upTo: 64)
    guard let value = Double(line) else { throw malformed("'\(line)' isn't a number") }
    push(.float(value))
  }

  /// Text in quotes, of Python 2; nothing that has to be escaped.
  mutating func pushQuotedLine() throws(PickleError) {
    let line = try input.line()
    guard line.count >= 2, let quote = line.first, quote == 0x27 || quote == 0x22, line.last == quote,
      !line.contains(0x5C)
    else { throw malformed("a quoted text has no quotes, or escapes in it") }
    push(.string(latin1(UnsafeRawBufferPointer(rebasing: line[1..<line.count - 1]))))
  }

  /// Python's raw-unicode-escape: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
  mutating func pushUnicodeLine() throws(PickleError) {
    let line = try input.line()
    var text = ""
    var index = 0
    while index < line.count {
      let byte = line[index]
      index += 1
      guard byte == 0x5C, index < line.count, line[index] == 0x75 || line[index] == 0x55 else {
        text.unicodeScalars.append(Unicode.Scalar(byte))
        continue
      }
      let digits = line[index] == 0x75 ? 4 : 8
      index += 1
      guard index + digits <= line.count,
        let code = UInt32(String(decoding: line[index..<index + digits], as: UTF8.self), radix: 16)
      else { throw malformed("a text has an escape that isn't hexadecimal") }
      text.unicodeScalars.append(Unicode.Scalar(code) ?? "\u{FFFD}")
      index += digits
    }
    push(.string(text))
  }

  private mutating func asciiLine(upTo limit: Int) throws(PickleError) -> String {
    let line = try input.line()
    guard line.count <= limit else { throw malformed("a number has \(line.count) digits") }
    return String(decoding: line, as: UTF8.self)
  }

  private func latin1(_ bytes: UnsafeRawBufferPointer) -> String {
    var text = ""
    text.reserveCapacity(bytes.count)
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }
}
