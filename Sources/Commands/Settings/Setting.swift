/// Something that the fleet's processes can be told: the one place that says its name, its default, its unit and its limits.
///
/// `FleetSettings` reads by it, `tessera init` writes it into a configuration file, and the manual page lists it.
struct Setting: Sendable {
  /// What is read, and what is taken where nothing was said.
  enum Value: Sendable {
    /// Any text; `nil` where there is no default that could be written down.
    case text(String?)
    /// One of some words.
    case word(String?, of: [String])
    case whole(Int?, in: ClosedRange<Int>)
    /// A number from 0 to 1.
    case share(Double)
    case truth(Bool)
    /// Bytes, as `ByteCount` reads them; `nil` where there is no limit.
    case size(String?)
  }

  /// Such as `lease.seconds`: the name in the configuration file.
  let key: String
  let value: Value
  let meaning: String
  /// What holds when nothing is said and `value` has no default.
  let otherwise: String?
  let isSecret: Bool

  init(_ key: String, _ value: Value, _ meaning: String, otherwise: String? = nil, isSecret: Bool = false) {
    self.key = key
    self.value = value
    self.meaning = meaning
    self.otherwise = otherwise
    self.isSecret = isSecret
  }

  /// Such as `TESSERA_LEASE_SECONDS`.
  var variable: String { "TESSERA_" + key.uppercased().replacing(".", with: "_") }

  /// The default as JSON has it; the empty text stands for nothing.
  var defaultLiteral: String {
    switch value {
    case .text(let text), .word(let text, _), .size(let text): "\"\(text ?? "")\""
    case .whole(let number, _): number.map(String.init) ?? "\"\""
    case .share(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
    case .truth(let truth): "\(truth)"
    }
  }

  /// What holds when nothing is said, for people.
  var defaultWords: String {
    otherwise ?? defaultLiteral.replacing("\"", with: "")
  }

  /// What may be said: `one of text, json`, `1 to 3600`; `nil` where any text may.
  var range: String? {
    switch value {
    case .text: nil
    case .word(_, let words): "one of \(words.joined(separator: ", "))"
    case .whole(_, let range): "\(range.lowerBound) to \(range.upperBound)"
    case .share: "0 to 1"
    case .truth: "true or false"
    case .size: "bytes, such as 4GiB"
    }
  }
}
