internal import Volumes

/// How many voxels each label has, and where the segmentation lies.
struct LabelSummary: Sendable {
  /// By label; 0 is the background.
  private(set) var voxels = [Int](repeating: 0, count: 256)
  /// The voxel nearest to the centre of mass of all labels but 0; of the volume, if there are none.
  let centre: Extent
  /// The smallest box around all labels but 0; `nil`, if there are none.
  let box: VoxelBox?

  init(_ labels: LabelVolume) {
    let extent = labels.extent
    var sums = [0.0, 0.0, 0.0]
    var lower = extent
    var upper = Extent(z: 0, y: 0, x: 0)
    var index = 0
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        var inRow = 0
        for x in 0..<extent.x {
          let label = labels.elements[index]
          voxels[Int(label)] += 1
          if label != 0 {
            inRow += 1
            sums[2] += Double(x)
            lower.x = min(lower.x, x)
            upper.x = max(upper.x, x + 1)
          }
          index += 1
        }
        sums[0] += Double(z * inRow)
        sums[1] += Double(y * inRow)
        if inRow > 0 {
          (lower.z, upper.z) = (min(lower.z, z), max(upper.z, z + 1))
          (lower.y, upper.y) = (min(lower.y, y), max(upper.y, y + 1))
        }
      }
    }
    let count = voxels.dropFirst().reduce(0, +)
    centre = Extent(
      (0..<3).map { count > 0 ? Int((sums[$0] / Double(count)).rounded()) : extent[$0] / 2 })
    box = count > 0 ? VoxelBox(lower: lower, upper: upper) : nil
  }

  /// The labels that occur, without background.
  var present: [Int] { (1..<256).filter { voxels[$0] > 0 } }
}
