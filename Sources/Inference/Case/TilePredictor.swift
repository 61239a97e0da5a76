public import Kernels
internal import ModelPlans
public import ModelStore
public import SlidingWindow
public import UNet
public import Volumes

/// Middle step: predicts patches with every fold and mirroring that the options name. Belongs to one worker slot.
///
/// A patch's probabilities are the mean over folds of the mean over mirrorings, added in float32 in the folds' and nnU-Net's
/// order, un-weighted (nnunet/network_architecture/neural_network.py). So a tile has the same bits wherever it is predicted with the same engine.
public final class TilePredictor: PatchPredictor {
  public let classes: Int
  /// What computes: recorded with each result.
  public let engine: EngineIdentity
  private let folds: [any NetworkExecutor]
  private let passes: [MirroredAxes]

  /// Reads the folds' weights and lays them out for the engine that a request names first for the model.
  /// - Parameters:
  ///   - model: opened with at least the folds that `options` names.
  ///   - pool: the slot's threads.
  /// - Throws: `InferenceError.Code.invalidOptions` for mirroring that the model doesn't allow or a fold that it doesn't have,
  ///   `ModelStoreError` for weights that can't be read, `EngineRequestError` and `NetworkExecutionError` for a network that can't be run.
  public convenience init(
    model: TrainedModel, options: InferenceOptions, pool: ComputePool, engine: EngineRequest = EngineRequest()
  ) throws {
    try self.init(
      model: model, options: options, pool: pool,
      engine: try NetworkEngine.candidates(engine, description: try CaseRecipe(model).network)[0])
  }

  /// Reads the folds' weights and lays them out for the engine.
  /// - Parameter engine: what computes; made for the model's network.
  /// - Throws: as above.
  public convenience init(
    model: TrainedModel, options: InferenceOptions, pool: ComputePool, engine: NetworkEngine
  ) throws {
    try Self.checkFolds(of: model, options)
    try self.init(
      recipe: CaseRecipe(model), folds: options.folds.count, mirroring: options.mirroring, pool: pool, engine: engine
    ) { try model.weights(fold: options.folds[$0]) }
  }

  /// Takes weights that were prepared before, which predictors of several slots may share.
  /// - Parameter weights: prepared by `engine`, or one like it, for each fold of `options`, in their order.
  /// - Throws: as above, without what reading weights throws.
  public convenience init(
    model: TrainedModel, options: InferenceOptions, weights: [PreparedWeights], pool: ComputePool,
    engine: NetworkEngine
  ) throws {
    try Self.checkFolds(of: model, options)
    try self.init(
      recipe: CaseRecipe(model), weights: weights, mirroring: options.mirroring, pool: pool, engine: engine)
  }

  /// - Throws: `InferenceError.Code.invalidOptions` for folds that the model doesn't have.
  public static func checkFolds(of model: TrainedModel, _ options: InferenceOptions) throws {
    let missing = options.folds.filter { !model.folds.contains($0) }
    guard missing.isEmpty else {
      throw InferenceError(
        .invalidOptions,
        "The model lacks the folds \(missing.map(\.folder).joined(separator: ", ")); it has "
          + "\(model.folds.map(\.folder).joined(separator: ", ")).")
    }
  }

  /// - Parameters:
  ///   - folds: how many folds are averaged, at least 1.
  ///   - weights: a fold's weights by its place, asked for one after the other so that only one fold is held twice.
  /// - Throws: as above, and what `weights` throws.
  convenience init(
    recipe: CaseRecipe, folds: Int, mirroring: Bool, pool: ComputePool, engine: NetworkEngine,
    weights: (Int) throws -> some NetworkWeights
  ) throws {
    try self.init(
      recipe: recipe, weights: (0..<folds).map { try engine.prepare(weights($0), pool: pool) }, mirroring: mirroring,
      pool: pool, engine: engine)
  }

  private init(
    recipe: CaseRecipe, weights: [PreparedWeights], mirroring: Bool, pool: ComputePool, engine: NetworkEngine
  ) throws {
    guard !weights.isEmpty else {
      throw InferenceError(.invalidOptions, "Predicting needs at least one fold of the model; name the folds to use.")
    }
    passes = MirroredAxes.passes(
      axes: try recipe.mirrorAxes(mirroring: mirroring), spatialAxes: recipe.network.spatialAxes)
    let workspace = try engine.makeWorkspace(threads: pool.threads)
    folds = try weights.map { try engine.makeExecutor($0, pool: pool, workspace: workspace) }
    self.engine = engine.identity
    classes = recipe.network.outputChannels
  }

  public func predict(_ patch: ChannelVolume, into probabilities: ChannelVolume) throws {
    try FoldMean.predict(
      folds: folds, patch: UnsafeBufferPointer(patch.elements), mirrorings: passes, into: probabilities.elements)
  }
}
