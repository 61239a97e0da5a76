public import Volumes

/// Whether a volume is resampled as a whole, or slice by slice with the nearest slice taken along one coarse axis.
///
/// nnU-Net's rule (`nnunet/preprocessing/preprocessing.py: get_do_separate_z, get_lowres_axis, resample_patient`).
public enum ResamplingPolicy: Hashable, Sendable, Codable {
  /// One resize in all three axes.
  case isotropic
  /// Each slice across `axis` is resized in its plane; along `axis` another, usually nearest, order is used.
  case separate(axis: Int)

  /// The ratio of the coarsest to the finest spacing above which (not at which) a volume counts as anisotropic.
  public static let anisotropyThreshold = 3.0

  /// Decides by the original spacing if that is anisotropic, else by the target's.
  ///
  /// Two or three axes that are equally coarse (by exact equality) mean no separation. The axis is an index into whichever
  /// spacing decided: `nnU-Net`'s export mixes both axis orders here, and so must its imitation.
  ///
  /// - Parameters:
  ///   - original: mm, in the order of the data's axes.
  ///   - target: mm.
  ///   - forceSeparateZ: `true` separates along the original's coarsest axis, `false` never separates, `nil` decides.
  public static func decide(original: Spacing, target: Spacing, forceSeparateZ: Bool?) -> ResamplingPolicy {
    switch forceSeparateZ {
    case .some(false): return .isotropic
    case .some(true): return separate(original)
    case .none:
      if isAnisotropic(original) { return separate(original) }
      return isAnisotropic(target) ? separate(target) : .isotropic
    }
  }

  private static func isAnisotropic(_ spacing: Spacing) -> Bool {
    let millimetres = spacing.millimetres
    return millimetres.max()! / millimetres.min()! > anisotropyThreshold
  }

  private static func separate(_ spacing: Spacing) -> ResamplingPolicy {
    let coarsest = spacing.millimetres.max()!
    let axes = (0..<3).filter { coarsest / spacing[$0] == 1 }
    return axes.count == 1 ? .separate(axis: axes[0]) : .isotropic
  }
}
