internal import Volumes

/// How many voxels each label has, and where the segmentation lies.
struct LabelSummary {
  /// By label; 0 is the background.
  private(set) var voxels = [Int](repeating: 0, count: 256)
  /// The voxel nearest to the centre of mass of all labels but 0; of the volume, if there are none.
  let centre: Extent

  init(_ labels: LabelVolume) {
    let extent = labels.extent
    var sums = [0.0, 0.0, 0.0]
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
          }
          index += 1
        }
        sums[0] += Double(z * inRow)
        sums[1] += Double(y * inRow)
      }
    }
    let count = voxels.dropFirst().reduce(0, +)
    centre = Extent(
      (0..<3).map { count > 0 ? Int((sums[$0] / Double(count)).rounded()) : extent[$0] / 2 })
  }

  /// The labels that occur, without background.
  var present: [Int] { (1..<256).filter { voxels[$0] > 0 } }
}
