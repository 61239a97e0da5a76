internal import Inference
internal import ModelStore
internal import Preprocessing
internal import SlidingWindow
public import UNet
internal import Volumes

/// The memory that a process of the fleet may use: kept by stitching thinner slabs, then by a slower engine that takes less, or refused
/// before the work begins.
public struct MemoryBudget: Sendable {
  /// Resident bytes of the process, mapped files included; `nil` for no limit.
  public var limit: Int?
  /// Whether the process takes all steps of a run, one after the other, as `tessera predict` does.
  public var isForAllSteps: Bool
  /// What the process's worker slots are to compute with.
  public var engine: EngineRequest

  /// Bytes of tiles that a store in this process keeps in memory; 0 where tiles are stored elsewhere.
  public var storeBudget = 0

  public init(limit: Int? = nil, isForAllSteps: Bool = false, engine: EngineRequest = EngineRequest()) {
    self.limit = limit
    self.isForAllSteps = isForAllSteps
    self.engine = engine
  }

  /// A case of a model, as far as its memory depends on it.
  struct Case {
    var recipe: CaseRecipe
    var options: InferenceOptions
    var properties: CaseProperties
    /// Bytes of the image's files.
    var files = 0
  }

  /// How a step of a pass fits.
  /// - Parameter work: of a process that has this step only.
  /// - Throws: `InferenceError.Code.outOfMemory`; as `engine` where the process predicts too.
  func plan(_ work: MemoryPlan.Work, _ example: Case, threads: Int) throws -> MemoryPlan {
    guard limit != nil, work == .predicting || isForAllSteps else {
      return try plan(work, example, networks: [0], threads: threads)
    }
    return try plan(
      work, example, networks: networkBytes(candidates(example), example, threads: threads), threads: threads)
  }

  /// What a slot computes a pass with: the fastest engine that fits.
  /// - Throws: `InferenceError.Code.outOfMemory`; `EngineRequestError` and `NetworkExecutionError` where the request can't be met.
  func engine(for example: Case, threads: Int) throws -> NetworkEngine {
    let candidates = try candidates(example)
    guard limit != nil else { return candidates[0] }
    let networks = try networkBytes(candidates, example, threads: threads)
    return candidates[try plan(.predicting, example, networks: networks, threads: threads).variant]
  }

  private func candidates(_ example: Case) throws -> [NetworkEngine] {
    try NetworkEngine.candidates(engine, description: example.recipe.network)
  }

  private func networkBytes(_ candidates: [NetworkEngine], _ example: Case, threads: Int) throws -> [Int] {
    try candidates.map { try $0.bytes(folds: example.options.folds.count, threads: threads) }
  }

  /// - Parameter networks: bytes of weights and workspace of each engine that may be taken.
  private func plan(_ work: MemoryPlan.Work, _ example: Case, networks: [Int], threads: Int) throws -> MemoryPlan {
    let tiles = try example.recipe.tilePlan(
      for: example.properties.resampledExtent, stepSize: example.options.stepSize)
    return try MemoryPlan(
      limit: limit, work: isForAllSteps ? .everything : work, variants: networks.count,
      advice: engine.choice == .automatic
        ? "name fewer folds" : "name fewer folds, or let the engine be chosen automatically"
    ) { variant, planes in
      MemoryForecast(
        recipe: example.recipe, plan: tiles, properties: example.properties, threads: threads, planes: planes,
        networkBytes: networks[variant], files: example.files, storeBudget: storeBudget)
    }
  }

  /// Refuses an image that can't even be read, with what all of the case would need: told from its header, as if nothing of it could be
  /// cropped.
  /// - Parameter passes: whose memory is looked at before the first begins.
  /// - Throws: `InferenceError.Code.outOfMemory`.
  func checkReading(
    _ grid: (extent: Extent, spacing: Spacing), channels: Int, files: Int,
    for passes: [(recipe: CaseRecipe, options: InferenceOptions)], threads: Int
  ) throws {
    guard let limit else { return }
    do {
      try MemoryForecast.checkReading(grid.extent, channels: channels, files: files, limit: limit)
    } catch {
      for pass in passes {
        let properties = CaseProperties.uncropped(
          extent: grid.extent, spacing: grid.spacing, plan: pass.recipe.preprocessing)
        _ = try plan(
          .preparing, Case(recipe: pass.recipe, options: pass.options, properties: properties, files: files),
          threads: threads)
      }
      throw error
    }
  }
}
