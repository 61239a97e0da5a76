public import Volumes

/// Voxels of each label, and the sums of their indices: all that volumes and centroids are computed from, in one pass over the map.
public struct LabelMoments: Sendable {
  private let counts: [Int]
  /// By label: z, y, x.
  private let sums: [Int]

  public init(of volume: LabelVolume) {
    var counts = [Int](repeating: 0, count: 256)
    var sums = [Int](repeating: 0, count: 3 * 256)
    let extent = volume.extent
    for z in 0..<extent.z {
      for y in 0..<extent.y where extent.x > 0 {
        let row = volume.row(z: z, y: y)
        var x = 0
        while x < extent.x {
          let label = Int(row[x])
          let end = LabelRuns.endOfStretch(row, from: x, to: extent.x)
          let count = end - x
          counts[label] += count
          sums[3 * label] += z * count
          sums[3 * label + 1] += y * count
          sums[3 * label + 2] += (x + end - 1) * count / 2
          x = end
        }
      }
    }
    self.counts = counts
    self.sums = sums
  }

  /// Of one label, from 0 to 255.
  public func voxels(of label: Int) -> Int { counts[label] }

  /// The mean of the voxels' indices, `[z, y, x]`; `nil` for a label that doesn't occur.
  public func centroid(of label: Int) -> [Double]? {
    let count = counts[label]
    guard count > 0 else { return nil }
    return (0..<3).map { Double(sums[3 * label + $0]) / Double(count) }
  }
}
