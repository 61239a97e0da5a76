public import RandomStreams
internal import Volumes

/// What happens to one patch: the transforms that were drawn for it, in the order in which they are applied; `nil` for those that weren't.
public struct AugmentationRecipe: Hashable, Sendable {
  public var spatial: SpatialTransform?
  public var noise: GaussianNoise?
  public var blur: GaussianBlur?
  public var brightness: BrightnessFactor?
  public var contrast: Contrast?
  public var lowResolution: LowResolution?
  public var invertedGamma: Gamma?
  public var gamma: Gamma?
  public var mirroring: Mirroring?
  public var binaryOperators: [BinaryOperator]

  /// Nothing happens: patches for validation.
  public static let nothing = AugmentationRecipe(binaryOperators: [])

  /// Applies what comes after the spatial transform, in place, up to the mirroring.
  /// - Parameter noise: gives the noise's numbers.
  /// - Throws: `PreprocessingError` for infinite values.
  public func applyToValues(of sample: Sample, noise random: inout RandomStream) throws {
    noise?.apply(to: sample, from: &random)
    blur?.apply(to: sample)
    brightness?.apply(to: sample)
    contrast?.apply(to: sample)
    try lowResolution?.apply(to: sample)
    invertedGamma?.apply(to: sample)
    gamma?.apply(to: sample)
    mirroring?.apply(to: sample)
  }
}
