internal import Wording

/// Reads the Python literal in `min_valid_object_sizes`: `None`, or a dictionary whose keys are integers or tuples of them and whose
/// values are numbers, such as `{1: 523.0, (1, 2): 80.0}`. Nothing is evaluated.
struct SizesLiteral {
  struct Failure: Error { let description: String }

  private let text: [UInt8]
  private var place = 0

  init(_ text: String) { self.text = Array(text.utf8) }

  /// - Returns: mm³ by item; `nil` for `None`.
  mutating func sizes() throws(Failure) -> [PostprocessingRules.Item: Double]? {
    skipSpace()
    if text[place...].starts(with: "None".utf8) {
      place += 4
      try end()
      return nil
    }
    guard take("{") else { throw failure("expected None or a dictionary") }
    var sizes: [PostprocessingRules.Item: Double] = [:]
    while !take("}") {
      let key = try item()
      guard take(":") else { throw failure("expected : behind a key") }
      sizes[key] = try size()
      if take("}") { break }
      guard take(",") else { throw failure("expected , or }") }
    }
    try end()
    return sizes
  }

  private func failure(_ why: String) -> Failure { Failure(description: "\(why) at byte \(place) of \(text.count)") }

  private mutating func skipSpace() {
    while place < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[place]) { place += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < text.count, text[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func end() throws(Failure) {
    skipSpace()
    guard place == text.count else { throw failure("something follows") }
  }

  private mutating func item() throws(Failure) -> PostprocessingRules.Item {
    guard take("(") else { return .label(try integer()) }
    var labels: [Int] = []
    while !take(")") {
      labels.append(try integer())
      if take(")") {
        // Python takes parentheses around one value without a comma for the value itself.
        return labels.count == 1 ? .label(labels[0]) : .region(labels)
      }
      guard take(",") else { throw failure("expected , or ) in a tuple") }
    }
    return .region(labels)
  }

  private mutating func integer() throws(Failure) -> Int {
    let word = word()
    guard let value = Int(word), word.first != "+" else { throw failure("'\(word.quotable(limit: 40))' is no integer") }
    return value
  }

  private mutating func size() throws(Failure) -> Double {
    let word = word()
    // `Double` would also read words and hexadecimal digits.
    guard word.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }), let value = Double(word), value.isFinite
    else {
      throw failure("'\(word.quotable(limit: 40))' is no number")
    }
    return value
  }

  private mutating func word() -> String {
    skipSpace()
    let start = place
    while place < text.count, !",:(){} \t\r\n".utf8.contains(text[place]) { place += 1 }
    return String(decoding: text[start..<place], as: UTF8.self)
  }
}
