/// What a planner aims at. The defaults are nnU-Net's.
public struct PlannerSettings: Hashable, Sendable {
  /// Features of the network's first level.
  public var baseFeatures: Int
  /// The graphics memory that training shall fit in, in GB as nnU-Net counts it: its own planners aim at 8. Patches grow with it.
  public var memoryTarget: Double
  /// A patch `[z, y, x]` in transposed axis order (2D plans take its last two) instead of the one that fits the memory; it is rounded up to
  /// what the pooling can divide. Not clipped to the median case.
  public var patch: [Int]?

  public static let defaultMemoryTarget = 8.0

  public init(baseFeatures: Int = 32, memoryTarget: Double = defaultMemoryTarget, patch: [Int]? = nil) {
    self.baseFeatures = baseFeatures
    self.memoryTarget = memoryTarget
    self.patch = patch
  }

  /// The shortest edge of a feature map (`unet_featuremap_min_edge_length`).
  static let shortestEdge = 4
  static let convolutionsPerStage = 2
  /// A batch covers at most this share of all voxels (`batch_size_covers_max_percent_of_dataset`).
  static let largestShareOfDataset = 0.05
  /// A spacing that is this much coarser than the others makes an axis anisotropic.
  static let anisotropyThreshold = 3.0
  /// A network must see at least a quarter of the median case, or there is a stage of lower resolution.
  static let casesPerPatch = 4.0
  static let smallestBatch = 2
}
