internal import Kernels
public import LabelMeasures
public import Volumes

/// How much of a label map one label fills, and how.
public struct LabelStatistics: Hashable, Sendable {
  /// The label's value; 0 is background.
  public var label: Int
  /// Voxels with this label, exact.
  public var voxels: Int
  /// Their volume in mL: voxels times the volume of one.
  public var millilitres: Double
  /// `nil` for a label that doesn't occur, for background, and where it wasn't measured.
  public var shape: ShapeMeasures?
  /// Mean probability of the label over the voxels to which the network gave it, before postprocessing; `nil` as `shape`.
  public var meanConfidence: Double?
  /// Mean entropy of the classes' probabilities over the same voxels, in nats; `nil` as `shape`.
  public var meanEntropy: Double?

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

  /// As above, with the shapes of all labels but the background, and how sure the network was of them.
  /// - Throws: `LabelShapesError` for a map that is noise.
  static func measure(
    _ map: LabelVolume, spacing: Spacing, labels: some Sequence<Int>, certainty: CertaintySums, pool: ComputePool
  ) throws -> [LabelStatistics] {
    let counted = measure(map, spacing: spacing, labels: labels)
    let present = counted.filter { $0.label > 0 && $0.voxels > 0 }.map(\.label)
    let shapes = try ShapeMeasures.measure(map, spacing: spacing, labels: present, pool: pool)
    return counted.map { statistics in
      guard let shape = shapes[statistics.label] else { return statistics }
      var statistics = statistics
      statistics.shape = shape
      let means = certainty.means(of: statistics.label)
      statistics.meanConfidence = means?.confidence
      statistics.meanEntropy = means?.entropy
      return statistics
    }
  }
}
