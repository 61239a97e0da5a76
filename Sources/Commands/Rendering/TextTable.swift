/// A table for terminals: columns as wide as their widest cell, numbers to the right.
struct TextTable {
  enum Alignment { case left, right }

  private let columns: [(title: String, alignment: Alignment)]
  private let hasRule: Bool
  private var rows: [[String]] = []

  /// - Parameter rule: whether a line is drawn below the titles.
  init(_ columns: [(title: String, alignment: Alignment)], rule: Bool = true) {
    self.columns = columns
    hasRule = rule
  }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  func rendered() -> String {
    let widths = columns.indices.map { column in
      ([columns[column].title] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return columns[column].alignment == .left ? cell + space : space + cell
      }
      let text = padded.joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
    let rule = hasRule ? [widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")] : []
    return ([line(columns.map(\.title))] + rule + rows.map(line)).joined(separator: "\n")
  }
}
