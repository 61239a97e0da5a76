internal import Volumes

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
  /// A coarse axis that is resampled by itself is interpolated: cubic, the mask linear.
  case interpolatedSlices3D = "Preprocessor3DDifferentResampling"
  /// No axis is ever resampled by itself, and the mask is resampled by a cubic spline too.
  case neverSeparate3D = "Preprocessor3DBetterResampling"
  /// The first axis keeps the image's spacing where the plans have none for it.
  case openFirstAxis3D = "PreprocessorFor3D_LeaveOriginalZSpacing"
  /// Pictures whose shorter edge becomes 512 pixels, whatever the spacing.
  case edge512 = "PreprocessorFor2D_edgeLength512"
  /// Pictures whose shorter edge becomes 768 pixels.
  case edge768 = "PreprocessorFor2D_edgeLength768"
  /// Pictures of bytes: divided by 255 instead of normalised.
  case bytes2D = "GenericPreprocessor_scale_uint8_to_0_1"

  /// The order of the image's spline in the plane.
  var order: Int { self == .linear3D ? 1 : 3 }

  /// The order along an axis that is resampled by itself.
  var orderZ: Int { self == .interpolatedSlices3D ? 3 : 0 }

  /// How the mask of the nonzero region is resampled.
  var mask: MaskResampler.Method {
    switch self {
    case .interpolatedSlices3D: .linearAlongSeparateAxis
    case .neverSeparate3D: .cubic
    default: .linear
    }
  }

  /// Whether a coarse axis is resampled by itself; `nil` lets the spacing decide.
  var forceSeparateZ: Bool? {
    switch self {
    case .neverSeparate3D, .edge512, .edge768: false
    default: nil
    }
  }

  /// Whether NaN is read as 0.
  var replacesNaN: Bool {
    switch self {
    case .generic2D, .edge512, .edge768, .bytes2D: false
    default: true
    }
  }

  /// Whether the plans may leave the spacing of the first axis to the image.
  var mayLeaveFirstAxis: Bool { self == .openFirstAxis3D }

  /// The spacing to resample to, mm.
  func target(_ planned: Spacing, original: Spacing) -> Spacing {
    switch self {
    case .generic2D, .bytes2D: Spacing(z: original.z, y: planned.y, x: planned.x)
    case .unresampled3D: original
    case .openFirstAxis3D: planned.z > 0 ? planned : Spacing(z: original.z, y: planned.y, x: planned.x)
    default: planned
    }
  }

  /// Voxels that the shorter edge of a slice gets, where the extent doesn't follow from the spacing.
  var shorterEdge: Int? {
    switch self {
    case .edge512: 512
    case .edge768: 768
    default: nil
    }
  }
}
