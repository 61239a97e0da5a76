internal import Inference
internal import ModelStore
internal import Preprocessing
internal import SlidingWindow
internal import Volumes

/// The memory that a process of the fleet may use: kept by stitching thinner slabs, or refused before the work begins.
public struct MemoryBudget: Sendable {
  /// Resident bytes of the process, mapped files included; `nil` for no limit.
  public var limit: Int?
  /// Whether the process takes all steps of a run, one after the other, as `tessera predict` does.
  public var isForAllSteps: Bool

  public init(limit: Int? = nil, isForAllSteps: Bool = false) {
    self.limit = limit
    self.isForAllSteps = isForAllSteps
  }

  /// How a step of a pass fits.
  /// - Parameters:
  ///   - work: of a process that has this step only.
  ///   - files: bytes of the image's files.
  /// - Throws: `InferenceError.Code.outOfMemory`.
  func plan(
    _ work: MemoryPlan.Work, recipe: CaseRecipe, options: InferenceOptions, properties: CaseProperties, threads: Int,
    files: Int = 0
  ) throws -> MemoryPlan {
    guard limit != nil else { return try MemoryPlan(limit: nil, work: work) { _ in nil } }
    let tiles = try recipe.tilePlan(for: properties.resampledExtent, stepSize: options.stepSize)
    let network = try TilePredictor.networkBytes(recipe.network, folds: options.folds.count, threads: threads)
    return try MemoryPlan(limit: limit, work: isForAllSteps ? .everything : work) { planes in
      MemoryForecast(
        recipe: recipe, plan: tiles, properties: properties, threads: threads, planes: planes, networkBytes: network,
        files: files)
    }
  }

  /// Refuses an image that can't even be read.
  /// - Throws: `InferenceError.Code.outOfMemory`.
  func checkReading(_ extent: Extent, channels: Int, files: Int) throws {
    guard let limit else { return }
    try MemoryForecast.checkReading(extent, channels: channels, files: files, limit: limit)
  }
}
