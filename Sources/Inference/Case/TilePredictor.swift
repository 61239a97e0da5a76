public import Kernels
public import ModelPlans
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

  /// Reads the folds' weights and lays them out for the engine.
  /// - Parameters:
  ///   - model: opened with at least the folds that `options` names.
  ///   - pool: the slot's threads.
  ///   - engine: what computes.
  /// - Throws: `InferenceError.Code.invalidOptions` for mirroring that the model doesn't allow or a fold that it doesn't have,
  ///   `ModelStoreError` for weights that can't be read, `NetworkExecutionError` for a network that can't be run.
  public convenience init(
    model: TrainedModel, options: InferenceOptions, pool: ComputePool, engine: EngineChoice = .blas
  ) throws {
    let missing = options.folds.filter { !model.folds.contains($0) }
    guard missing.isEmpty else {
      throw InferenceError(
        .invalidOptions,
        "The model lacks the folds \(missing.map(\.folder).joined(separator: ", ")); it has "
          + "\(model.folds.map(\.folder).joined(separator: ", ")).")
    }
    try self.init(
      recipe: CaseRecipe(model), folds: options.folds.count, mirroring: options.mirroring, pool: pool, engine: engine
    ) { try model.weights(fold: options.folds[$0]) }
  }

  /// - Parameters:
  ///   - folds: how many folds are averaged, at least 1.
  ///   - weights: a fold's weights by its place, asked for one after the other so that only one fold is held twice.
  /// - Throws: as above, and what `weights` throws.
  init(
    recipe: CaseRecipe, folds: Int, mirroring: Bool, pool: ComputePool, engine: EngineChoice = .blas,
    weights: (Int) throws -> some NetworkWeights
  ) throws {
    guard folds > 0 else {
      throw InferenceError(.invalidOptions, "Predicting needs at least one fold of the model; name the folds to use.")
    }
    passes = MirroredAxes.passes(
      axes: try recipe.mirrorAxes(mirroring: mirroring), spatialAxes: recipe.network.spatialAxes)
    let network = try NetworkEngine(engine, description: recipe.network)
    let workspace = try network.makeWorkspace(threads: pool.threads)
    self.folds = try (0..<folds).map {
      try network.makeExecutor(weights: weights($0), pool: pool, workspace: workspace)
    }
    self.engine = self.folds[0].identity
    classes = recipe.network.outputChannels
  }

  public func predict(_ patch: ChannelVolume, into probabilities: ChannelVolume) throws {
    try FoldMean.predict(
      folds: folds, patch: UnsafeBufferPointer(patch.elements), mirrorings: passes, into: probabilities.elements)
  }

  /// Bytes that a predictor takes beside a patch and its probabilities: laid-out weights of all folds and the engine's workspace.
  /// - Throws: `NetworkExecutionError` for a network that can't be run.
  public static func networkBytes(
    _ network: NetworkDescription, folds: Int, threads: Int, engine: EngineChoice = .blas
  ) throws -> Int {
    let engine = try NetworkEngine(engine, description: network)
    return try folds * engine.weightBytes() + engine.workspaceBytes(threads: threads)
  }
}
