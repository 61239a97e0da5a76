internal import Foundation

/// What Linux tells of itself in files below `/proc` and `/sys`. A file that isn't there is a question without an answer, not an error.
struct SystemFiles {
  /// `/`, or a folder that stands for it.
  let root: URL

  /// A file's text without the white space around it; `nil` where there is none.
  func text(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: root.appending(path: path).path) else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The value of the first line `key: value`.
  func value(of key: String, in path: String) -> String? {
    for line in text(path)?.split(separator: "\n") ?? [] {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, parts[0] == key { return parts[1] }
    }
    return nil
  }
}

extension Int {
  /// A list of numbers as Linux writes them, such as `0-3,8`: how many they are; `nil` for a text that is no such list.
  init?(countOf list: String) {
    var count = 0
    for part in list.split(separator: ",") {
      let ends = part.split(separator: "-", maxSplits: 1).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, 0 <= first, first <= last, last < 1 << 20 else {
        return nil
      }
      count += last - first + 1
    }
    self = count
  }

  /// A size as Linux writes it, such as `32K`, `32768 kB` or `1073741824`, in bytes.
  init?(sizeIn text: String) {
    let digits = text.prefix { $0.isNumber }
    let shifts = ["": 0, "k": 10, "m": 20, "g": 30]
    var unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).lowercased()
    if unit.hasSuffix("b") { unit.removeLast() }
    guard let number = Int(digits), let shift = shifts[unit], number <= Int.max >> shift else { return nil }
    self = number << shift
  }
}
