/// One stage as planned: an entry of `plans_per_stage`. Axes are in transposed order.
public struct PlannedStage: Hashable, Sendable {
  public var batchSize: Int
  /// Halvings of each axis; as many axes as the network has.
  public var poolings: [Int]
  /// In voxels; three axes, or two for a 2D network.
  public var patch: [Int]
  /// The median case at this stage's spacing, in voxels; three axes.
  public var medianExtent: [Int]
  /// In mm; three axes.
  public var currentSpacing: [Double]
  /// The spacing of full resolution, in mm; three axes.
  public var originalSpacing: [Double]
  /// Whether a patch is so flat that it is augmented slice by slice.
  public var augmentsSlices: Bool
  public var poolKernels: [[Int]]
  public var convolutionKernels: [[Int]]
  /// Why it came out like that.
  public var reasons: [String]
}
