internal import Foundation
internal import Inference
internal import Preprocessing
internal import SlidingWindow
internal import TrainingData
internal import UNet
internal import Volumes

/// How a trained fold's cases are predicted within a limit of memory, decided from their extents before anything is read: the fastest engine that
/// fits, tiles in files, and for each case the thickest slab.
///
/// One case after the other is read, predicted and stitched, each tile when stitching first asks for it; then all are evaluated.
struct PredictionMemory {
  /// Where the label map lies.
  enum Grid: Hashable {
    /// The image's: a validation.
    case image
    /// That of the cascade's second stage.
    case nextStage
  }

  let engine: NetworkEngine
  /// The limit that would suffice, in bytes; 0 where there is no limit.
  let least: Int
  private let setup: TrainingSetup
  private let recipe: CaseRecipe
  private let threads: Int
  private let limit: Int?
  /// Of `engine`.
  private let networkBytes: Int

  /// Labels of a case while it is evaluated, by voxel: prediction, reference, copies without small components, and these components.
  private static let evaluationBytes = 8

  /// - Parameters:
  ///   - cases: names, by where their label maps lie.
  ///   - limit: bytes that the process may take; `nil` for no limit.
  /// - Throws: `TrainingDataError` for cases that can't be read; what `NetworkEngine` and `CaseRecipe` throw.
  init(_ setup: TrainingSetup, cases: [Grid: [String]], threads: Int, limit: Int?) throws {
    self.setup = setup
    self.threads = threads
    self.limit = limit
    let recipe = try setup.recipe()
    self.recipe = recipe
    let candidates = try NetworkEngine.candidates(EngineRequest(), description: setup.network)
    guard let limit else {
      (engine, least, networkBytes) = (candidates[0], 0, 0)
      return
    }
    let all = try cases.flatMap { grid, names in
      try names.map { (grid, try Self.properties(of: $0, on: grid, setup, recipe)) }
    }
    let networks = try candidates.map { try $0.bytes(folds: 1, threads: threads) }
    let needs = try networks.map { bytes in
      try all.map { grid, properties in
        try Self.forecast(recipe, properties, on: grid, networkBytes: bytes, threads: threads, planes: 1)
          .predictingTileByTile
      }.max() ?? 0
    }
    least = needs.min() ?? 0
    let chosen = needs.firstIndex { $0 <= limit } ?? needs.count - 1
    (engine, networkBytes) = (candidates[chosen], networks[chosen])
  }

  /// - Throws: `TrainingMemoryError` where the limit is below the least.
  func check() throws {
    if let limit, least > limit { throw TrainingMemoryError(needed: least, limit: limit, isForPredictions: true) }
  }

  /// Whether tiles lie in files.
  var keepsTilesInFiles: Bool { limit != nil }

  /// Planes of a case that are stitched at a time.
  /// - Throws: `InferenceError.Code.outOfMemory` for a case that wasn't named in the beginning.
  func planes(of name: String, on grid: Grid) throws -> Int {
    let properties = try Self.properties(of: name, on: grid, setup, recipe)
    return try MemoryPlan(limit: limit, work: .predictingTileByTile, advice: "plan a smaller patch") { _, planes in
      try Self.forecast(recipe, properties, on: grid, networkBytes: networkBytes, threads: threads, planes: planes)
    }.planes
  }

  /// Cases that may be evaluated at a time.
  func evaluationThreads(_ cases: [String]) throws -> Int {
    guard let limit else { return threads }
    let largest = try cases.map { try Self.properties(of: $0, on: .image, setup, recipe).originalExtent.count }.max()
    return min(
      threads, max(1, (limit - UNetEngine.programBytes - networkBytes) / (Self.evaluationBytes * (largest ?? 1))))
  }

  private static func properties(
    of name: String, on grid: Grid, _ setup: TrainingSetup, _ recipe: CaseRecipe
  ) throws -> CaseProperties {
    let one = try StageCase.Properties(reading: name, in: setup.stageFolder)
    return switch grid {
    case .image: CaseProperties(one, plan: recipe.preprocessing)
    case .nextStage: CaseProperties(one.extent, on: try StageCase.extent(of: name, in: setup.nextStageCases))
    }
  }

  private static func forecast(
    _ recipe: CaseRecipe, _ properties: CaseProperties, on grid: Grid, networkBytes: Int, threads: Int, planes: Int
  ) throws -> MemoryForecast {
    let voxels = properties.resampledExtent.count
    var forecast = MemoryForecast(
      recipe: recipe, plan: try recipe.tilePlan(for: properties.resampledExtent, stepSize: FinalPredictions.stepSize),
      properties: properties, threads: threads, planes: planes,
      networkBytes: networkBytes)
    forecast.program = UNetEngine.programBytes
    forecast.image = 0
    // With its own labels.
    forecast.volume += voxels
    // A case's file holds its labels as another channel, and is copied as it is read.
    let reading = 2 * voxels * (recipe.channels + 1) * MemoryLayout<Float>.stride
    let after =
      switch grid {
      case .image: evaluationBytes * properties.originalExtent.count
      // The label map on its way to a file.
      case .nextStage: forecast.volume + 3 * properties.originalExtent.count
      }
    forecast.preprocessing = max(reading, after)
    return forecast
  }
}

extension CaseProperties {
  /// Of a preprocessed case that goes back to its image.
  init(_ one: StageCase.Properties, plan: PreprocessingPlan) {
    self.init(
      originalExtent: one.cropping.originalExtent, originalSpacing: one.cropping.originalSpacing,
      cropBox: one.cropping.box, resampledExtent: one.extent, spacingAfterResampling: one.spacing,
      transposeForward: plan.transposeForward)
  }

  /// Of a grid that is stretched to another one over the same part of the image.
  init(_ extent: Extent, on grid: Extent) {
    let spacing = Spacing(z: 1, y: 1, x: 1)
    self.init(
      originalExtent: grid, originalSpacing: spacing,
      cropBox: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: grid), resampledExtent: extent,
      spacingAfterResampling: spacing, transposeForward: .identity)
  }
}
