public import Volumes

/// What preprocessing needs to know of a trained model: the part of its plans that concerns one stage's input.
public struct PreprocessingPlan: Hashable, Sendable, Codable {
  /// The network's axis `i` is the image's axis `transposeForward.order[i]`.
  public var transposeForward: AxisOrder
  /// mm, in the network's axis order; for 2D models the first is not used.
  public var targetSpacing: Spacing
  /// One for each channel, in the channels' order.
  public var channels: [ChannelNormalization]
  public var variant: PreprocessorVariant

  public init(
    transposeForward: AxisOrder, targetSpacing: Spacing, channels: [ChannelNormalization],
    variant: PreprocessorVariant = .generic3D
  ) {
    self.transposeForward = transposeForward
    self.targetSpacing = targetSpacing
    self.channels = channels
    self.variant = variant
  }
}

/// nnU-Net's preprocessor classes, by what they do differently at inference (`nnunet/preprocessing`).
public enum PreprocessorVariant: String, Hashable, Sendable, Codable, CaseIterable {
  /// Every axis is resampled, cubic.
  case generic3D = "GenericPreprocessor"
  /// The slices of the first axis keep their distance, and NaN stays.
  case generic2D = "PreprocessorFor2D"
  /// Linear instead of cubic.
  case linear3D = "GenericPreprocessor_linearResampling"
  /// Nothing is resampled.
  case unresampled3D = "PreprocessorFor3D_NoResampling"

  /// The order of the image's spline in the plane.
  var order: Int { self == .linear3D ? 1 : 3 }

  /// Whether NaN is read as 0.
  var replacesNaN: Bool { self != .generic2D }

  /// The spacing to resample to, mm.
  func target(_ planned: Spacing, original: Spacing) -> Spacing {
    switch self {
    case .generic3D, .linear3D: return planned
    case .generic2D: return Spacing(z: original.z, y: planned.y, x: planned.x)
    case .unresampled3D: return original
    }
  }
}
