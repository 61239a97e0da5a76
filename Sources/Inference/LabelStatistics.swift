public import Volumes

/// How much of a label map one label fills.
public struct LabelStatistics: Hashable, Sendable, Codable {
  /// The label's value; 0 is background.
  public var label: Int
  /// Voxels with this label, exact.
  public var voxels: Int
  /// Their volume in mL: voxels times the volume of one.
  public var millilitres: Double

  public init(label: Int, voxels: Int, millilitres: Double) {
    self.label = label
    self.voxels = voxels
    self.millilitres = millilitres
  }

  /// The statistics of each label in `labels` and of each that occurs, by ascending label.
  /// - Parameters:
  ///   - spacing: of the map, in mm.
  ///   - labels: labels that the model knows: one that doesn't occur has 0 voxels.
  public static func measure(_ map: LabelVolume, spacing: Spacing, labels: some Sequence<Int> = []) -> [LabelStatistics]
  {
    var counts = [Int](repeating: 0, count: 256)
    for label in map.elements { counts[Int(label)] += 1 }
    let known = Set(labels).filter { (0..<256).contains($0) }
    return counts.indices.filter { counts[$0] > 0 || known.contains($0) }.map { label in
      LabelStatistics(
        label: label, voxels: counts[label], millilitres: Double(counts[label]) * spacing.voxelMillilitres)
    }
  }
}
