public import Foundation
public import Kernels
internal import LabelMeasures
public import Postprocessing
public import Preprocessing
internal import Volumes

/// Last step of a case that several configurations predicted: from their probabilities to the image's label map.
public struct EnsembleStep: Sendable {
  /// Of any member: labels and rule count, and they have these in common.
  public let recipe: CaseRecipe

  public init(recipe: CaseRecipe) {
    self.recipe = recipe
  }

  /// - Parameters:
  ///   - members: each one's probabilities of the cropped image.
  ///   - weights: one for each member.
  ///   - properties: of the prepared case; the crop is the same for all members.
  ///   - probabilitiesFolder: where a temporary file may keep the mean; `nil` doesn't keep it.
  ///   - postprocessing: rules by which components are removed from the label map, before it is measured.
  /// - Throws: `InferenceError` when the members don't belong together, `PostprocessingError`.
  public func run(
    members: [ProbabilityMap], weights: [Double], properties: CaseProperties, pool: ComputePool,
    probabilitiesFolder: URL? = nil, postprocessing: PostprocessingRules? = nil
  ) throws -> SegmentedCase {
    let mean = try EnsembleMean(members: members, weights: weights)
    let kept = try probabilitiesFolder.map {
      try HalfPrecisionFile(channels: mean.channels, extent: mean.extent, axes: .identity, in: $0)
    }
    let certainty = CertaintySums(threads: pool.threads)
    return try SegmentedCase(
      labels: try mean.decide(
        properties: properties, rule: recipe.rule, pool: pool, keeping: kept, certainty: certainty),
      properties: properties, recipe: recipe, postprocessing: postprocessing, probabilities: kept,
      certainty: certainty, pool: pool)
  }
}
