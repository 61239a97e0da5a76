/// Voxels of one label, by whether prediction (test) and reference have it.
public struct ConfusionCounts: Hashable, Sendable {
  public var truePositives: Int
  public var falsePositives: Int
  public var falseNegatives: Int
  public var trueNegatives: Int

  public init(truePositives: Int, falsePositives: Int, falseNegatives: Int, trueNegatives: Int) {
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
    self.trueNegatives = trueNegatives
  }

  /// Voxels that the prediction has.
  public var predicted: Int { truePositives + falsePositives }
  /// Voxels that the reference has.
  public var reference: Int { truePositives + falseNegatives }
  public var voxels: Int { truePositives + falsePositives + falseNegatives + trueNegatives }
}
