/// What somebody may have meant.
enum Nearest {
  /// ` Did you mean X?`, or nothing where no word is near.
  static func question(to word: String, among words: [String]) -> String {
    self.word(to: word, among: words).map { " Did you mean \($0)?" } ?? ""
  }

  /// The word that takes the fewest letters put in, left out or changed; `nil` where it takes more than a third of them, or three.
  static func word(to word: String, among words: [String]) -> String? {
    let limit = min(3, max(1, word.count / 3))
    return words.map { (word: $0, distance: distance(Array(word.lowercased()), Array($0))) }
      .filter { $0.distance <= limit || $0.word.hasPrefix(word) }
      .min { $0.distance < $1.distance }?.word
  }

  /// Levenshtein's distance, row by row.
  private static func distance(_ first: [Character], _ second: [Character]) -> Int {
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in second.indices {
        let changed = diagonal + (letter == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(changed, diagonal + 1, row[column] + 1)
      }
    }
    return row[second.count]
  }
}
