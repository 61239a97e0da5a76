/// How a channel's intensities become the network's input.
public enum NormalizationScheme: Hashable, Sendable, Codable {
  /// Clipped to `lower...upper`, then standardised by the training set's mean and standard deviation (nnU-Net's `CT`).
  case ct(lower: Double, upper: Double, mean: Double, sd: Double)
  /// Clipped, then standardised by the case's own voxels strictly between the bounds (`CT2`).
  case ct2(lower: Double, upper: Double)
  /// Standardised by the case's own mean and standard deviation (`nonCT`, and every name that nnU-Net doesn't know).
  case zScore
  /// Left as it is (`noNorm`).
  case noNorm
  /// Divided by 255 (`GenericPreprocessor_scale_uint8_to_0_1`, whatever the plans' scheme).
  case bytes

  /// Whether it may look at the mask.
  var looksAtMask: Bool { self != .noNorm && self != .bytes }
}

/// The normalisation of one channel.
public struct ChannelNormalization: Hashable, Sendable, Codable {
  public var scheme: NormalizationScheme
  /// Whether voxels outside the nonzero region become 0 and, for the z-score, don't count.
  public var usesMask: Bool

  public init(scheme: NormalizationScheme, usesMask: Bool = false) {
    self.scheme = scheme
    self.usesMask = usesMask
  }
}
