/// A dataset's plans for one kind of network.
public struct ExperimentPlan: Hashable, Sendable {
  public enum Dimensions: String, Hashable, Sendable, CaseIterable {
    case two = "2D"
    case three = "3D"
  }

  public var dimensions: Dimensions
  public var fingerprint: DatasetFingerprint
  public var baseFeatures: Int
  /// `CT`, `noNorm` or `nonCT`, one a channel.
  public var normalizationSchemes: [String]
  /// Whether z-score looks only at the nonzero part, one a channel.
  public var usesMask: [Bool]
  /// In mm, `[z, y, x]` of the image.
  public var targetSpacing: [Double]
  /// Transposed axis `i` is axis `transposeForward[i]` of `[z, y, x]`: the coarsest one comes first.
  public var transposeForward: [Int]
  /// The inverse of `transposeForward`.
  public var transposeBackward: [Int]
  /// From the lowest resolution to the full one.
  public var stages: [PlannedStage]
  /// Why the dataset as a whole is treated like that.
  public var reasons: [String]

  /// `nnUNetData_plans_v2.1`, with `_2D` for 2D.
  public var dataIdentifier: String { dimensions == .two ? "nnUNetData_plans_v2.1_2D" : "nnUNetData_plans_v2.1" }
  public var preprocessorName: String { dimensions == .two ? "PreprocessorFor2D" : "GenericPreprocessor" }
}
