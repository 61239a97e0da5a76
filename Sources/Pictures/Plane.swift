internal import Volumes

/// A plane through the volume as it hangs on the wall: which array axis runs to the right and which one down, and from which end.
struct Plane: Sendable {
  /// An array axis on the screen.
  struct Side: Sendable {
    let axis: Int
    /// Whether the array's indices grow against the screen's direction.
    let isReversed: Bool
    /// The body's directions at the two ends, left and right or top and bottom, if known.
    let ends: (AnatomicalDirection, AnatomicalDirection)?
  }

  let name: String
  /// The array axis across the plane.
  let axis: Int
  let right: Side
  let down: Side

  /// Axial, coronal and sagittal, as radiologists look at them: the patient's right on the left, anterior or superior up.
  ///
  /// Without an orientation, the array is taken as ITK's own: x to the patient's left, y to the back, z up.
  static func three(_ orientation: Orientation?) -> [Plane] {
    let directions = orientation?.directions ?? [.superior, .posterior, .left]
    func side(towards end: AnatomicalDirection) -> Side {
      let axis = directions.firstIndex { $0 == end || $0 == end.opposite } ?? 0
      return Side(
        axis: axis, isReversed: directions[axis] != end, ends: orientation == nil ? nil : (end.opposite, end))
    }
    func plane(_ name: String, right: AnatomicalDirection, down: AnatomicalDirection) -> Plane {
      let (right, down) = (side(towards: right), side(towards: down))
      let axis = 3 - right.axis - down.axis
      return Plane(
        name: orientation == nil ? "Across \(["z", "y", "x"][axis])" : name, axis: axis, right: right, down: down)
    }
    return [
      plane("Axial", right: .left, down: .posterior), plane("Coronal", right: .left, down: .inferior),
      plane("Sagittal", right: .posterior, down: .inferior),
    ]
  }
}
