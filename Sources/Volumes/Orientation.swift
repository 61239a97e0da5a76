/// A direction in a patient's body.
public enum AnatomicalDirection: String, Hashable, Sendable, Codable, CaseIterable {
  case left = "L"
  case right = "R"
  case posterior = "P"
  case anterior = "A"
  case superior = "S"
  case inferior = "I"

  public var opposite: AnatomicalDirection {
    switch self {
    case .left: .right
    case .right: .left
    case .posterior: .anterior
    case .anterior: .posterior
    case .superior: .inferior
    case .inferior: .superior
    }
  }
}

/// The direction, to the nearest of the body's axes, in which each array axis `[z, y, x]` counts up.
public struct Orientation: Hashable, Sendable, Codable {
  /// `[z, y, x]`; the three lie on different axes of the body.
  public let directions: [AnatomicalDirection]

  /// From ITK's direction cosines: 3 by 3, row by row, columns for x, y, z, in coordinates that grow to left, posterior, superior.
  ///
  /// An oblique image takes the assignment of axes with the largest sum of cosines. `nil` if a cosine isn't finite or a column is 0.
  public init?(itkDirection cosines: [Double]) {
    guard cosines.count == 9, cosines.allSatisfy(\.isFinite) else { return nil }
    func cosine(_ row: Int, _ column: Int) -> Double { cosines[row * 3 + column] }
    let assignments = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    func fit(_ rows: [Int]) -> Double { (0..<3).reduce(0) { $0 + abs(cosine(rows[$1], $1)) } }
    // `max` keeps the last of equals; the strict order below keeps the first, so that ties don't depend on it.
    var best = assignments[0]
    for rows in assignments.dropFirst() where fit(rows) > fit(best) { best = rows }
    let positive: [AnatomicalDirection] = [.left, .posterior, .superior]
    var xyz: [AnatomicalDirection] = []
    for column in 0..<3 {
      let value = cosine(best[column], column)
      guard value != 0 else { return nil }
      xyz.append(value > 0 ? positive[best[column]] : positive[best[column]].opposite)
    }
    directions = xyz.reversed()
  }
}
