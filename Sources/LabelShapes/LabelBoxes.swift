public import Volumes

/// The smallest box around the voxels of each label, found in one pass over the map. A box stays valid, though perhaps no longer the
/// smallest, when voxels are taken from its label.
public struct LabelBoxes: Sendable {
  private var boxes: [VoxelBox?]

  public init(of volume: LabelVolume) {
    let extent = volume.extent
    // Lower and upper bounds by label, z, y, x; untouched ones are upside down.
    var lower = [Extent](repeating: extent, count: 256)
    var upper = [Extent](repeating: Extent(z: 0, y: 0, x: 0), count: 256)
    if extent.count > 0 {
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          let row = volume.row(z: z, y: y)
          var x = 0
          while x < extent.x {
            let label = Int(row[x])
            let end = LabelRuns.endOfStretch(row, from: x, to: extent.x)
            lower[label].z = min(lower[label].z, z)
            lower[label].y = min(lower[label].y, y)
            lower[label].x = min(lower[label].x, x)
            upper[label].z = max(upper[label].z, z + 1)
            upper[label].y = max(upper[label].y, y + 1)
            upper[label].x = max(upper[label].x, end)
            x = end
          }
        }
      }
    }
    boxes = (0..<256).map { upper[$0].z > 0 ? VoxelBox(lower: lower[$0], upper: upper[$0]) : nil }
  }

  /// Labels that occur, ascending, background among them.
  public var labels: [UInt8] { boxes.indices.filter { boxes[$0] != nil }.map { UInt8($0) } }

  /// The box around all voxels of `labels`; `nil` where none of them occurs.
  public func box(of labels: LabelSet) -> VoxelBox? {
    let found = labels.labels.compactMap { boxes[Int($0)] }
    return found.dropFirst().reduce(found.first) { $0?.union($1) }
  }
}

extension VoxelBox {
  /// The smallest box that holds both.
  public func union(_ other: VoxelBox) -> VoxelBox {
    var union = self
    for axis in 0..<3 {
      union.lower[axis] = min(lower[axis], other.lower[axis])
      union.upper[axis] = max(upper[axis], other.upper[axis])
    }
    return union
  }
}
