public import Foundation
internal import ModelStore
internal import Pictures

/// Trains one fold: new, from pretrained weights, or on from a checkpoint.
public struct FoldTraining {
  public enum Beginning: Sendable {
    /// With weights drawn from the seed; those of a pretrained `.model` take their place.
    case new(pretrained: URL?)
    /// From the checkpoint that is farthest on; where there is none, as new.
    case farthest(pretrained: URL?)
  }

  public let fold: FoldFolder
  public let schedule: TrainingSchedule
  public let seed: UInt64
  private let threads: Int

  /// What a fold would be trained with.
  /// - Parameters:
  ///   - given: the schedule's parts that the user named; others come from the checkpoint, else they are nnU-Net's.
  ///   - seed: `nil` for the checkpoint's, else `defaultSeed`.
  ///   - continuing: whether a checkpoint counts.
  /// - Throws: `TrainingError` for a seed that isn't the checkpoint's; `ModelStoreError` for a checkpoint that can't be read.
  public init(
    _ fold: FoldFolder, epochs: Int?, iterations: Int?, validationIterations: Int?, seed: UInt64?, continuing: Bool,
    threads: Int
  ) throws {
    self.fold = fold
    self.threads = threads
    let stored = continuing ? try fold.continuation() : nil
    let standard = TrainingSchedule.standard
    schedule = TrainingSchedule(
      epochs: epochs ?? stored?.epochs ?? standard.epochs,
      iterations: iterations ?? stored?.iterations ?? standard.iterations,
      validationIterations: validationIterations ?? stored?.validationIterations ?? standard.validationIterations)
    if let seed, let stored, stored.seed != seed {
      throw TrainingError(
        "The training in \(fold.url.path) was begun with the seed \(stored.seed), not \(seed); leave --seed away to continue it."
      )
    }
    self.seed = seed ?? stored?.seed ?? Self.defaultSeed
  }

  public static let defaultSeed: UInt64 = 12345

  /// - Parameters:
  ///   - finalBatches: validation batches that take as long as what comes after the last epoch.
  ///   - willTrain: called when nothing stands in the way any more, before anything of an earlier training is removed.
  ///   - shouldStop: asked after each iteration.
  /// - Throws: `TrainingInterrupted` when it was asked to stop; `ModelStoreError` for a checkpoint that can't be used.
  public func run(
    _ beginning: Beginning, engine: any GradientEngine, finalBatches: Double = 0,
    willTrain: () -> Void = {}, shouldStop: @escaping () -> Bool,
    progress: @escaping (TrainingProgress) -> Void, epochDone: @escaping (EpochResult) throws -> Void = { _ in }
  ) throws {
    if case .new(let pretrained) = beginning { try begin(engine, pretrained) }
    fold.tidy()
    let log = try TrainingLog(in: fold.url)
    try fold.describe(schedule: schedule, seed: seed, threads: threads)
    let picture = fold.url.appending(path: "progress.png")
    let loop = EpochLoop(
      engine: engine, schedule: schedule, keeper: fold.keeper, log: log, seed: seed,
      finalBatches: finalBatches, shouldStop: shouldStop, progress: progress
    ) { result, history in
      // A picture that can't be drawn mustn't end a training.
      try? Data(Self.chart(of: history).png()).write(to: picture, options: .atomic)
      try epochDone(result)
    }
    log.write("TRAINING KEYS:\n \(fold.split.training)")
    log.write("VALIDATION KEYS:\n \(fold.split.validation)")
    switch beginning {
    case .farthest(let pretrained):
      if let found = try fold.keeper.farthest() {
        log.write("loading checkpoint", fold.keeper.file(found.kind).path, "train=", "True")
        try loop.resume(try fold.keeper.read(found.kind, network: fold.setup.network))
      } else {
        try begin(engine, pretrained)
      }
      willTrain()
    case .new:
      willTrain()
      for kind in CheckpointKeeper.Kind.allCases { fold.keeper.remove(kind) }
    }
    try loop.run()
  }

  /// The file's values are in memory no longer than the engine takes them.
  private func begin(_ engine: any GradientEngine, _ pretrained: URL?) throws {
    guard let pretrained else { return }
    for (name, values) in try TrainingState.pretrained(pretrained, for: fold.setup.network) {
      try engine.setValues(values, of: name)
    }
  }

  private static func chart(of history: TrainingHistory) -> LineChart {
    LineChart(
      curves: [
        LineChart.Curve(name: "training loss", values: history.trainingLosses),
        LineChart.Curve(name: "validation loss", values: history.validationLosses),
        LineChart.Curve(name: "online Dice (right)", values: history.metrics, isRight: true),
      ], horizontal: "epoch")
  }
}

extension FoldFolder {
  /// What the farthest checkpoint says of its run; `nil` where there is none, or nnU-Net wrote it.
  fileprivate func continuation() throws -> Continuation? {
    guard let found = try keeper.farthest() else { return nil }
    return try TrainingState.continuation(of: keeper.file(found.kind))
  }
}
