internal import Pickles

/// Takes typed, bounded entries out of a pickled dictionary; errors name the entry by its path.
struct PlansReader {
  let dictionary: PickleDictionary
  let path: String

  init(_ value: PickleValue, path: String) throws(PlansError) {
    guard let dictionary = value.dictionary else {
      throw .invalid(entry: path, expected: "a dictionary", found: PlansReader.describe(value))
    }
    self.dictionary = dictionary
    self.path = path
  }

  /// The entry, or `nil` where it is absent or None.
  func optional(_ key: String) -> PickleValue? {
    guard let value = dictionary[key], !value.isNone else { return nil }
    return value
  }

  func required(_ key: String) throws(PlansError) -> PickleValue {
    guard let value = optional(key) else { throw .missing(entry: name(key)) }
    return value
  }

  func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(PlansError) -> Int {
    try PlansReader.integer(try required(key), in: range, name(key))
  }

  func integers(_ key: String, count: ClosedRange<Int>, in range: ClosedRange<Int>) throws(PlansError) -> [Int] {
    try PlansReader.integers(try required(key), count: count, in: range, name(key))
  }

  /// Lengths in mm, one an axis.
  /// - Parameter mayLeaveFirst: whether the first one may be None or NaN, which becomes 0.
  func spacing(_ key: String, mayLeaveFirst: Bool = false) throws(PlansError) -> [Double] {
    let value = try required(key)
    let elements = value.elements ?? []
    var numbers = elements.compactMap { $0.isNone ? .nan : $0.number }
    let isLeft = mayLeaveFirst && numbers.first?.isNaN == true
    if isLeft { numbers[0] = PlansBounds.spacing.lowerBound }
    guard numbers.count == 3, elements.count == 3, numbers.allSatisfy({ PlansBounds.spacing.contains($0) })
    else {
      throw .invalid(entry: name(key), expected: "three lengths in mm above 0", found: PlansReader.describe(value))
    }
    if isLeft { numbers[0] = 0 }
    return numbers
  }

  // MARK: Values by themselves

  static func integer(_ value: PickleValue, in range: ClosedRange<Int>, _ entry: String) throws(PlansError) -> Int {
    guard let number = value.int, range.contains(number) else {
      throw .invalid(
        entry: entry, expected: "an integer from \(range.lowerBound) to \(range.upperBound)", found: describe(value))
    }
    return number
  }

  static func integers(
    _ value: PickleValue, count: ClosedRange<Int>, in range: ClosedRange<Int>, _ entry: String
  ) throws(PlansError) -> [Int] {
    guard let elements = value.elements, count.contains(elements.count) else {
      let counts =
        count.lowerBound == count.upperBound ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
      throw .invalid(entry: entry, expected: "\(counts) integers", found: describe(value))
    }
    var integers: [Int] = []
    for element in elements { integers.append(try integer(element, in: range, entry)) }
    return integers
  }

  /// A few words about a value, whatever its size.
  static func describe(_ value: PickleValue) -> String {
    switch value {
    case .none: "None"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let text): "'\(text.prefix(40))'"
    case .scalar(let scalar): "\(scalar.doubles.first ?? .nan)"
    case .array(let array): "an array \(array.doubles.prefix(6)) of shape \(array.shape)"
    case .list(let members), .tuple(let members):
      members.count <= 4
        ? "[" + members.map { $0.number.map { "\($0)" } ?? "…" }.joined(separator: ", ") + "]"
        : "a list of \(members.count) values"
    case .dictionary(let dictionary): "a dictionary of \(dictionary.entries.count) entries"
    default: "a value of another type"
    }
  }
}
