internal import Pickles

/// Where a case has foreground: a random choice of each class's voxels, as preprocessing left it (`class_locations`).
struct ForegroundLocations: Sendable {
  /// Classes above 0 that the case has, in the plans' order: `[voxel, axis]`, z, y, x.
  let classes: [[Int32]]

  /// - Returns: `nil` for what isn't nnU-Net's, or lies outside a case of `extent`.
  init?(pickle: PickleValue?, extent: [Int]) {
    guard let entries = pickle?.dictionary?.entries else { return nil }
    var classes: [[Int32]] = []
    for entry in entries {
      guard let label = entry.key.int else { return nil }
      if case .array(let array) = entry.value {
        guard array.shape.count == 2, array.shape[1] == 3 || array.count == 0, let places = array.integers,
          places.indices.allSatisfy({ (0..<Int64(extent[$0 % 3])).contains(places[$0]) })
        else { return nil }
        if label > 0, !places.isEmpty { classes.append(places.map { Int32($0) }) }
      } else {
        guard entry.value.elements?.isEmpty == true else { return nil }
      }
    }
    self.classes = classes
  }

  init(classes: [[Int32]]) {
    self.classes = classes
  }

  /// A voxel `[z, y, x]` of a class.
  func voxel(_ index: Int, of place: Int) -> [Int] { (0..<3).map { Int(classes[place][3 * index + $0]) } }

  func count(of place: Int) -> Int { classes[place].count / 3 }
}
