public import Pickles

/// Where two pickled values differ, whatever types of Python and numpy their numbers and lists have.
public struct PickleDifferences: Sendable {
  /// Numbers may differ by so much of themselves, or of 1 where they are smaller.
  public var tolerance: Double
  /// Whether of paths only the last part counts.
  public var ignoresFolders: Bool

  public init(tolerance: Double = 0, ignoresFolders: Bool = false) {
    self.tolerance = tolerance
    self.ignoresFolders = ignoresFolders
  }

  /// One line for each difference, at most five of a list.
  public func callAsFunction(_ one: PickleValue, _ other: PickleValue, path: String) -> [String] {
    if let a = one.dictionary, let b = other.dictionary {
      guard Set(a.entries.map(\.key)) == Set(b.entries.map(\.key)) else {
        return ["\(path): keys \(a.entries.map(\.key)) and \(b.entries.map(\.key))"]
      }
      return a.entries.flatMap { entry in
        self(
          entry.value, b.entries.first { $0.key == entry.key }?.value ?? .none,
          path: "\(path).\(entry.key.text ?? "\(entry.key)")")
      }
    }
    if let a = one.elements, let b = other.elements, a.count == b.count {
      return Array(zip(a, b).enumerated().flatMap { self($1.0, $1.1, path: "\(path)[\($0)]") }.prefix(5))
    }
    if let a = one.number, let b = other.number,
      a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(1, abs(b))
    {
      return []
    }
    if let a = one.boolean, let b = other.boolean, a == b { return [] }
    if ignoresFolders, let a = one.text, let b = other.text,
      a.split(separator: "/").last == b.split(separator: "/").last
    {
      return []
    }
    return one == other ? [] : ["\(path): \(one) and \(other)"]
  }
}
