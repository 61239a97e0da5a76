/// What the planners look at: sizes, spacings and intensities of a dataset's cropped cases
/// (nnunet/experiment_planning/DatasetAnalyzer.py).
public struct DatasetFingerprint: Hashable, Sendable {
  /// Sorted by name.
  public var cases: [CaseFingerprint]
  /// The channels' names, such as `MRI` or `CT`.
  public var modalities: [String]
  /// Labels above 0, in the order of `dataset.json`.
  public var classes: [Int]
  /// One for each channel; `nil` unless a channel is CT, as only that is normalised by them.
  public var intensities: [ChannelIntensities]?

  public init(
    cases: [CaseFingerprint], modalities: [String], classes: [Int], intensities: [ChannelIntensities]? = nil
  ) {
    self.cases = cases
    self.modalities = modalities
    self.classes = classes
    self.intensities = intensities
  }
}

/// One case after cropping to its nonzero part.
public struct CaseFingerprint: Hashable, Sendable {
  public var name: String
  /// Voxels after cropping, `[z, y, x]`.
  public var extent: [Int]
  /// In mm, `[z, y, x]`.
  public var spacing: [Double]
  /// Voxels after cropping as a share of those before.
  public var sizeReduction: Double

  public init(name: String, extent: [Int], spacing: [Double], sizeReduction: Double) {
    self.name = name
    self.extent = extent
    self.spacing = spacing
    self.sizeReduction = sizeReduction
  }
}

/// Intensities of one channel inside the labels, every tenth voxel.
public struct ChannelIntensities: Hashable, Sendable {
  /// Of all cases together.
  public var pooled: IntensityStatistics
  /// By case, in the fingerprint's order; of NaN for a case without labels.
  public var local: [IntensityStatistics]

  public init(pooled: IntensityStatistics, local: [IntensityStatistics]) {
    self.pooled = pooled
    self.local = local
  }
}
