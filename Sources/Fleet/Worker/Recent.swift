/// The values that were used last, newest first: what a slot keeps warm.
struct Recent<Key: Equatable, Value> {
  private struct Entry {
    var key: Key
    var value: Value
    var bytes: Int
  }

  private var entries: [Entry] = []

  /// The value of `key`, which is now the newest.
  mutating func find(_ key: Key) -> Value? {
    guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: index)
    entries.insert(entry, at: 0)
    return entry.value
  }

  /// Drops the oldest until at most `count` are left, of at most `bytes` bytes together.
  mutating func trim(to count: Int, bytes: Int = .max) {
    var left = bytes
    let kept = entries.prefix(max(0, count)).prefix { entry in
      left = left.subtractingReportingOverflow(entry.bytes).partialValue
      return left >= 0
    }
    entries = Array(kept)
  }

  /// Adds a value as the newest.
  mutating func add(_ value: Value, of key: Key, bytes: Int = 0) {
    entries.insert(Entry(key: key, value: value, bytes: bytes), at: 0)
  }

  var count: Int { entries.count }
}
