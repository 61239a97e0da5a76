public import Foundation
public import Kernels
internal import LabelMeasures
public import Postprocessing
public import Preprocessing
public import SlidingWindow
public import Volumes

/// A segmented case.
public struct SegmentedCase: Sendable {
  /// Labels on the image's grid.
  public let labels: LabelVolume
  /// Of each label that the model knows.
  public let statistics: [LabelStatistics]
  /// The cropped image's probabilities, when they were to be kept; `SoftmaxArchive.write` makes nnU-Net's `CASE.npz` of them.
  public let probabilities: HalfPrecisionFile?

  /// Postprocesses `labels` in place, and measures them.
  init(
    labels: LabelVolume, properties: CaseProperties, recipe: CaseRecipe, postprocessing: PostprocessingRules?,
    probabilities: HalfPrecisionFile?, certainty: CertaintySums, pool: ComputePool
  ) throws {
    try postprocessing?.apply(to: labels, spacing: properties.originalSpacing)
    self.labels = labels
    statistics = try LabelStatistics.measure(
      labels, spacing: properties.originalSpacing, labels: recipe.labels, certainty: certainty, pool: pool)
    self.probabilities = probabilities
  }
}

/// Last step: from tiles to the image's label map, slab by slab.
public struct StitchStep: Sendable {
  public let recipe: CaseRecipe
  /// Planes of the network's grid that are stitched at a time; the result doesn't depend on it.
  public let planes: Int

  public init(recipe: CaseRecipe, planes: Int = Stitcher.defaultPlanes) {
    self.recipe = recipe
    self.planes = planes
  }

  /// - Parameters:
  ///   - tiles: un-weighted probabilities, in the plan's order.
  ///   - properties: of the prepared case.
  ///   - probabilitiesFolder: where a temporary file may keep the probabilities; `nil` doesn't keep them.
  ///   - postprocessing: rules by which components are removed from the label map, before it is measured.
  /// - Throws: what `tiles` throws, `InferenceError`, `SlidingWindowError`, `PostprocessingError`, `LabelShapesError`.
  public func run(
    tiles: some TileSource, plan: TilePlan, properties: CaseProperties, pool: ComputePool,
    probabilitiesFolder: URL? = nil, postprocessing: PostprocessingRules? = nil
  ) throws -> SegmentedCase {
    guard plan.volume == properties.resampledExtent else {
      throw InferenceError(
        .shapeMismatch,
        "The tile plan is for \(plan.volume) voxels, the case has \(properties.resampledExtent); prepare the case again."
      )
    }
    let classes = recipe.network.outputChannels
    let kept = try probabilitiesFolder.map {
      try HalfPrecisionFile(
        channels: classes, extent: properties.croppedExtent, axes: properties.transposeForward, in: $0)
    }
    let certainty = CertaintySums(threads: pool.threads)
    return try SegmentedCase(
      labels: try labels(
        tiles: tiles, plan: plan, properties: properties, pool: pool, kept: kept, certainty: certainty),
      properties: properties, recipe: recipe, postprocessing: postprocessing, probabilities: kept,
      certainty: certainty, pool: pool)
  }

  /// The label map; what stitching and export held is freed.
  private func labels(
    tiles: some TileSource, plan: TilePlan, properties: CaseProperties, pool: ComputePool, kept: HalfPrecisionFile?,
    certainty: CertaintySums
  ) throws -> LabelVolume {
    let classes = recipe.network.outputChannels
    let exporter = try Exporter(
      properties: properties, interpolation: ExportInterpolation(properties, parameters: recipe.export),
      classes: classes, rule: recipe.rule, pool: pool, probabilities: kept, certainty: certainty)
    try Stitcher(plan: plan, classes: classes, planes: planes)
      .run(tiles: tiles, pool: pool) { try exporter.consume($0) }
    return try exporter.finish()
  }
}
