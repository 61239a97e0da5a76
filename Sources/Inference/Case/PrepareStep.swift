public import Kernels
public import Preprocessing
public import SlidingWindow
public import Volumes

/// A case that is ready to be predicted, tile by tile.
public struct PreparedCase: Sendable {
  /// What the network sees, `[channel, z, y, x]` in its axis order.
  public let volume: ChannelVolume
  /// The way back to the image.
  public let properties: CaseProperties
  public let plan: TilePlan
  /// For a cascade's second stage, the labels of the first on the volume's grid.
  public let previous: PreviousLabels?

  public init(volume: ChannelVolume, properties: CaseProperties, plan: TilePlan, previous: PreviousLabels? = nil) {
    self.volume = volume
    self.properties = properties
    self.plan = plan
    self.previous = previous
  }

  /// What cuts the case into patches.
  /// - Throws: `SlidingWindowError` when the parts don't fit together.
  public func extractor() throws -> PatchExtractor {
    try PatchExtractor(plan: plan, volume: volume, previous: previous)
  }
}

/// First step: from an image to what the network sees, and where it is cut into tiles.
public struct PrepareStep: Sendable {
  public let recipe: CaseRecipe
  public let stepSize: Double

  public init(recipe: CaseRecipe, stepSize: Double) {
    self.recipe = recipe
    self.stepSize = stepSize
  }

  /// - Parameters:
  ///   - image: `[channel, z, y, x]` in the file's axis order.
  ///   - spacing: in mm.
  ///   - previous: for a cascade's second stage, the first one's label map, of the image's extent; it is ignored otherwise.
  /// - Throws: `PreprocessingError` for an image that the model can't take, `SlidingWindowError` for an impossible step size,
  ///   `InferenceError.Code.shapeMismatch` for a previous segmentation that is missing or of another extent.
  public func run(
    image: ChannelVolume, spacing: Spacing, previous: LabelVolume? = nil, pool: ComputePool
  ) throws -> PreparedCase {
    if recipe.previousClasses > 0 { try check(previous, against: image) }
    let prepared = try Preprocessor(plan: recipe.preprocessing).run(image: image, spacing: spacing, pool: pool)
    return PreparedCase(
      volume: prepared.volume, properties: prepared.properties,
      plan: try recipe.tilePlan(for: prepared.volume.extent, stepSize: stepSize),
      previous: try previous.flatMap { try resized($0, properties: prepared.properties, pool: pool) })
  }

  private func check(_ previous: LabelVolume?, against image: ChannelVolume) throws {
    guard let previous else {
      throw InferenceError(
        .shapeMismatch,
        "The model is a cascade's second stage and needs the first one's segmentation of the image, but there is none; predict "
          + "3d_lowres first, or give its label map.")
    }
    guard previous.extent == image.extent else {
      throw InferenceError(
        .shapeMismatch,
        "The segmentation of low resolution has \(previous.extent) voxels (z, y, x), the image \(image.extent); give the label map that "
          + "was made of this very image.")
    }
  }

  /// The **uncropped** label map stretched to the preprocessed volume, never slice by slice: where the image has a zero border the map
  /// is shifted against it, in nnU-Net as here (nnunet/inference/predict.py, `preprocess_save_to_queue`).
  private func resized(
    _ previous: LabelVolume, properties: CaseProperties, pool: ComputePool
  ) throws -> PreviousLabels? {
    guard recipe.previousClasses > 0 else { return nil }
    let turned = previous.transposed(by: recipe.preprocessing.transposeForward)
    return PreviousLabels(
      labels: try LabelResampler(policy: .isotropic).resize(turned, to: properties.resampledExtent, pool: pool),
      classes: recipe.previousClasses)
  }
}
