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

  public init(volume: ChannelVolume, properties: CaseProperties, plan: TilePlan) {
    self.volume = volume
    self.properties = properties
    self.plan = plan
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
  /// - Throws: `PreprocessingError` for an image that the model can't take, `SlidingWindowError` for an impossible step size.
  public func run(image: ChannelVolume, spacing: Spacing, pool: ComputePool) throws -> PreparedCase {
    let prepared = try Preprocessor(plan: recipe.preprocessing).run(image: image, spacing: spacing, pool: pool)
    return PreparedCase(
      volume: prepared.volume, properties: prepared.properties,
      plan: try recipe.tilePlan(for: prepared.volume.extent, stepSize: stepSize))
  }
}
