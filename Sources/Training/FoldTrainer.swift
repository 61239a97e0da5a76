public import Foundation
public import LabelFolders
internal import ModelStore

/// All of a fold, from its first batch to its evaluated validation: what `nnUNet_train` does.
///
///     let setup = try TrainingSetup(configuration: .fullResolution, trainer: "nnUNetTrainerV2", task: "Task501_Brain", …)
///     let trainer = try FoldTrainer(setup, fold: 0, options: FoldTrainer.Options(epochs: 100))
///     let summary = try trainer.run(continues: true)
///
/// Synchronous: it returns when all is done.
public struct FoldTrainer: Sendable {
  public struct Options: Sendable {
    /// `nil` for the checkpoint's, else nnU-Net's.
    public var epochs: Int?
    public var iterations: Int?
    public var validationIterations: Int?
    /// Of first weights and batches; `nil` for the checkpoint's, else `FoldTraining.defaultSeed`.
    public var seed: UInt64?
    public var threads: Int
    /// Bytes that the process may take; `nil` for no limit.
    public var maxMemory: Int?
    /// A `.model` whose weights a new training starts with.
    public var pretrained: URL?
    /// The folder for a record of first weights and all batches, one in it for each fold; `nil` for none.
    public var record: URL?
    public var validation = FoldValidation.Options()
    /// Whether validation cases are predicted (nnU-Net: not `--disable_validation_inference`).
    public var validates = true
    /// Whether 3d_lowres predicts for the cascade (not `--disable_next_stage_pred`).
    public var predictsNextStage = true

    /// Whether a fold's cases are predicted for a cascade.
    func predictsNextStage(of fold: FoldFolder) -> Bool {
      fold.setup.configuration == .lowResolution && predictsNextStage
    }

    public init(
      epochs: Int? = nil, iterations: Int? = nil, validationIterations: Int? = nil, seed: UInt64? = nil,
      threads: Int = 1, maxMemory: Int? = nil
    ) {
      self.epochs = epochs
      self.iterations = iterations
      self.validationIterations = validationIterations
      self.seed = seed
      self.threads = threads
      self.maxMemory = maxMemory
    }
  }

  public let fold: FoldFolder
  public let options: Options

  /// - Parameter number: `nil` for the fold `all`.
  /// - Throws: as `FoldFolder`.
  public init(_ setup: TrainingSetup, fold number: Int?, options: Options) throws {
    fold = try FoldFolder(setup, fold: number)
    self.options = options
  }

  /// Trains, validates, determines postprocessing, and for 3d_lowres predicts for the cascade.
  /// - Parameters:
  ///   - continues: goes on from the checkpoint that is farthest on, where there is one. Else an earlier training's checkpoints go.
  ///   - shouldStop: asked after each iteration and before each tile.
  ///   - progress: hears of each iteration, then of each tile.
  ///   - remark: hears a sentence for each other step.
  ///   - epochDone: called when `model_latest` of an epoch lies in the folder, whole.
  /// - Returns: the validation's metrics, without postprocessing; `nil` where there was none.
  /// - Throws: `TrainingInterrupted` when it was asked to stop in training, `CancellationError` later; errors that say what is missing.
  @discardableResult
  public func run(
    continues: Bool, shouldStop: @escaping () -> Bool = { false },
    progress: @escaping (TrainingProgress) -> Void = { _ in }, remark: (String) -> Void = { _ in },
    epochDone: @escaping (EpochResult) throws -> Void = { _ in }
  ) throws -> Summary? {
    let trained = try train(
      continues: continues, shouldStop: shouldStop, progress: progress, remark: remark, epochDone: epochDone)
    return try finish(isAlreadyTrained: !trained, shouldStop: shouldStop, progress: progress, remark: remark)
  }

  /// What comes after training, for a fold that was trained (nnU-Net's `-val`).
  /// - Throws: as `run`.
  @discardableResult
  public func validate(
    shouldStop: @escaping () -> Bool = { false }, progress: @escaping (TrainingProgress) -> Void = { _ in },
    remark: (String) -> Void = { _ in }
  ) throws -> Summary? {
    try finish(isAlreadyTrained: false, shouldStop: shouldStop, progress: progress, remark: remark)
  }

  /// - Returns: whether there was anything to train.
  private func train(
    continues: Bool, shouldStop: @escaping () -> Bool, progress: @escaping (TrainingProgress) -> Void,
    remark: (String) -> Void, epochDone: @escaping (EpochResult) throws -> Void
  ) throws -> Bool {
    let training = try FoldTraining(
      fold, epochs: options.epochs, iterations: options.iterations, validationIterations: options.validationIterations,
      seed: options.seed, continuing: continues, threads: options.threads)
    if continues, let found = try fold.keeper.farthest() {
      if found.kind == .final, found.epochs >= training.schedule.epochs {
        remark("trained already, \(found.epochs) epochs")
        return false
      }
      remark("continuing from \(found.kind.rawValue), after \(found.epochs) epochs and \(found.iterations) iterations")
    }
    let pretrained = options.pretrained
    let engine = try engine(training)
    defer { engine.stop() }
    try training.run(
      continues ? .farthest(pretrained: pretrained) : .new(pretrained: pretrained), engine: engine,
      finalBatches: try FinalPredictions(fold, options: options).batches(of: fold.setup.batchSize),
      willTrain: { fold.forgetPredictions(forCascade: options.predictsNextStage) },
      shouldStop: shouldStop, progress: progress, epochDone: epochDone)
    return true
  }

  /// The network in training, where that and what follows fit the limit of memory.
  /// - Throws: `TrainingMemoryError` with a limit that suffices for both.
  private func engine(_ training: FoldTraining) throws -> UNetEngine {
    var cases: [PredictionMemory.Grid: [String]] = [:]
    if options.validates { cases[.image] = fold.split.validation }
    if options.predictsNextStage(of: fold) { cases[.nextStage] = fold.split.validation }
    let predictions = try PredictionMemory(
      fold.setup, cases: cases, threads: options.threads, limit: options.maxMemory)
    do {
      let engine = try UNetEngine(
        fold, schedule: training.schedule, seed: training.seed, threads: options.threads, maxMemory: options.maxMemory,
        record: options.record?.appending(path: fold.fold.folder))
      try predictions.check()
      return engine
    } catch var error as TrainingMemoryError {
      error.needed = max(error.needed, predictions.least)
      throw error
    }
  }

  private func finish(
    isAlreadyTrained: Bool, shouldStop: @escaping () -> Bool, progress: @escaping (TrainingProgress) -> Void,
    remark: (String) -> Void
  ) throws -> Summary? {
    var validation = options.validation
    // What lies there was predicted with these weights.
    if isAlreadyTrained { validation.overwrites = false }
    let finished =
      isAlreadyTrained && options.validates ? FoldValidation.finished(fold, options: validation) : nil
    let validates = options.validates && finished == nil
    let nextCases =
      options.predictsNextStage(of: fold) ? NextStage.pending(fold, overwrites: !isAlreadyTrained) : []
    let cases = (validates ? FoldValidation.pending(fold, options: validation) : []) + nextCases
    let meter = PredictionMeter(tiles: try FinalPredictions(fold, cases: cases).tiles, progress: progress)
    // Asked before each tile.
    let shouldStop = {
      meter.next()
      return shouldStop()
    }
    var summary = finished
    if finished != nil { remark("validated already") }
    if validates {
      summary = try FoldValidation(fold, options: validation, threads: options.threads, maxMemory: options.maxMemory)
        .run(shouldStop: shouldStop, progress: remark)
    }
    if !nextCases.isEmpty {
      try NextStage(fold, cases: nextCases, threads: options.threads, maxMemory: options.maxMemory)
        .run(shouldStop: shouldStop, progress: remark)
    }
    return summary
  }
}
