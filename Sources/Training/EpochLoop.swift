internal import Foundation
public import ModelStore

/// nnU-Net's epochs (nnunet/training/network_training/network_trainer.py: run_training; nnUNetTrainerV2.on_epoch_end), so that a process may
/// end at any moment: `model_latest` is written after each epoch, from time to time within one, and when the loop is asked to stop. Batches
/// depend on seed, epoch and iteration alone, and all else that decides is in the checkpoint: a training that was continued ends with the
/// same bits as one that was never disturbed.
public final class EpochLoop {
  private let engine: any GradientEngine
  private let schedule: TrainingSchedule
  private let keeper: CheckpointKeeper
  private let log: TrainingLog
  private let finalBatches: Double
  private let saveInterval: Duration
  private let seed: UInt64
  private let shouldStop: () -> Bool
  private let progress: (TrainingProgress) -> Void
  private let epochDone: (EpochResult, TrainingHistory) throws -> Void

  private(set) var epoch = 0
  private(set) var history = TrainingHistory()
  private var best = BestMarks()
  /// Of the running epoch.
  private var losses: [Double] = []
  private var lastSave = ContinuousClock.now
  private var speed = Speedometer()
  private var last: EpochResult?

  /// The stability fix looks at this epoch's metric, from 0, and lowers the momentum to this.
  private static let stabilityEpoch = 100
  private static let loweredMomentum = 0.95
  /// Epochs without a better training loss, and what counts as better. nnUNetTrainerV2 keeps the books and never stops.
  private static let patience = 50
  private static let betterBy = 5e-4
  private static let lowestPatientRate = 1e-6

  /// - Parameters:
  ///   - finalBatches: validation batches that take as long as what comes after the last epoch.
  ///   - saveInterval: within an epoch, after which the state is saved.
  ///   - shouldStop: asked after each iteration.
  ///   - epochDone: called after each epoch, when its `model_latest` is on the disk.
  public init(
    engine: any GradientEngine, schedule: TrainingSchedule, keeper: CheckpointKeeper, log: TrainingLog, seed: UInt64,
    finalBatches: Double = 0, saveInterval: Duration = .seconds(600), shouldStop: @escaping () -> Bool = { false },
    progress: @escaping (TrainingProgress) -> Void = { _ in },
    epochDone: @escaping (EpochResult, TrainingHistory) throws -> Void = { _, _ in }
  ) {
    self.engine = engine
    self.schedule = schedule
    self.keeper = keeper
    self.log = log
    self.seed = seed
    self.finalBatches = finalBatches
    self.saveInterval = saveInterval
    self.shouldStop = shouldStop
    self.progress = progress
    self.epochDone = epochDone
  }

  /// Goes on from a checkpoint, of nnU-Net or Tessera.
  /// - Throws: what the engine throws for values that it can't take.
  public func resume(_ state: TrainingState) throws {
    for tensor in state.parameters {
      try engine.setValues(tensor.values, of: tensor.name)
      try engine.setMomentum(state.momenta[tensor.name], of: tensor.name)
    }
    engine.momentumFactor = state.optimiser.momentum
    epoch = state.epoch
    history = state.history
    best = state.best
    losses = state.continuation?.losses ?? []
    // Another number of iterations than before begins the epoch again.
    if losses.count > schedule.iterations { losses = [] }
  }

  /// Trains up to the schedule's end, and leaves `model_final_checkpoint`.
  /// - Throws: `TrainingInterrupted` when it was asked to stop; what engine and files throw.
  public func run() throws {
    log.write("lr:", Self.rounded(schedule.learningRate(epoch: epoch)))
    while epoch < schedule.epochs {
      log.write("\nepoch: ", "\(epoch)")
      let (started, waited) = (ContinuousClock.now, engine.waited)
      try train()
      let loss = losses.reduce(0, +) / Double(losses.count)
      history.trainingLosses.append(loss)
      log.write("train loss : \(Self.four(loss))")
      let dice = try validate()
      let isBest = finishEpoch(dice: dice)
      let result = EpochResult(
        epoch: epoch, trainingLoss: loss, validationLoss: history.validationLosses.last ?? .nan, dice: dice.byClass,
        learningRate: schedule.learningRate(epoch: epoch), seconds: (ContinuousClock.now - started) / .seconds(1),
        waitedSeconds: (engine.waited - waited) / .seconds(1),
        finalSeconds: finalBatches > 0 ? speed.seconds(training: 0, validating: finalBatches) : nil)
      epoch += 1
      losses = []
      if isBest { try save(.best) }
      try save(.latest)
      last = result
      log.write("waited for batches: \(String(format: "%.2f", result.waitedSeconds)) s")
      log.write("This epoch took \(String(format: "%f", result.seconds)) s\n")
      try epochDone(result, history)
    }
    try save(.final)
    keeper.remove(.latest)
  }

  private func train() throws {
    let rate = schedule.learningRate(epoch: epoch)
    while losses.count < schedule.iterations {
      let begun = ContinuousClock.now
      let loss = try engine.step(IterationIndex(epoch: epoch, iteration: losses.count), learningRate: rate)
      guard loss.isFinite else {
        throw TrainingError(
          "The loss of epoch \(epoch), iteration \(losses.count) isn't a finite number; the last checkpoint is kept. Look for voxels "
            + "that aren't finite in the preprocessed cases, or begin with another --seed.")
      }
      losses.append(loss)
      speed.add(.training, ContinuousClock.now - begun)
      show(.training, done: losses.count, of: schedule.iterations)
      if shouldStop() { try stop() }
      if ContinuousClock.now - lastSave > saveInterval { try save(.latest) }
    }
  }

  private func validate() throws -> OnlineDice {
    var dice = OnlineDice()
    var sum = 0.0
    for iteration in 0..<schedule.validationIterations {
      let begun = ContinuousClock.now
      let batch = try engine.evaluate(IterationIndex(epoch: epoch, iteration: iteration))
      dice.add(batch)
      sum += batch.loss
      speed.add(.validating, ContinuousClock.now - begun)
      show(.validating, done: iteration + 1, of: schedule.validationIterations)
      if shouldStop() {
        // The epoch's curve isn't complete: its validation is done again.
        history.trainingLosses.removeLast()
        try stop()
      }
    }
    history.validationLosses.append(sum / Double(schedule.validationIterations))
    log.write("validation loss: \(Self.four(history.validationLosses.last ?? .nan))")
    return dice
  }

  /// Keeps the books of an epoch in nnU-Net's order.
  /// - Returns: whether it is the best so far.
  private func finishEpoch(dice: OnlineDice) -> Bool {
    history.metrics.append(dice.mean)
    log.write("Average global foreground Dice:", "[\(dice.byClass.map(Self.rounded).joined(separator: ", "))]")
    log.write("(interpret this as an estimate for the Dice of the different classes. This is not exact.)")
    let rate = schedule.learningRate(epoch: epoch + 1)
    log.write("lr:", Self.rounded(rate))
    let loss = MovingAverage.of(history.trainingLosses, alpha: MovingAverage.trainingLossAlpha) ?? .nan
    let metric = MovingAverage.of(history.metrics, alpha: MovingAverage.metricAlpha) ?? .nan
    best.trainingLoss = best.trainingLoss ?? loss
    best.epoch = best.epoch ?? epoch
    let mark = best.metric ?? metric
    let isBest = metric > mark
    best.metric = isBest ? metric : mark
    if loss + Self.betterBy < best.trainingLoss ?? .nan {
      best.trainingLoss = loss
      best.epoch = epoch
    }
    if epoch - (best.epoch ?? epoch) > Self.patience, rate > Self.lowestPatientRate {
      best.epoch = epoch - Self.patience / 2
    }
    if epoch == Self.stabilityEpoch, dice.mean == 0 {
      engine.momentumFactor = Self.loweredMomentum
      engine.redrawConvolutions(seed: seed &+ UInt64(epoch))
      log.write(
        "At epoch 100, the mean foreground Dice was 0. Momentum has now been reduced to 0.95 and network weights have been reinitialized"
      )
    }
    return isBest
  }

  private func stop() throws -> Never {
    try save(.latest)
    throw TrainingInterrupted(epochs: epoch, iterations: losses.count)
  }

  private func save(_ kind: CheckpointKeeper.Kind) throws {
    let started = ContinuousClock.now
    log.write("saving checkpoint...")
    try keeper.save(try state(), as: kind)
    lastSave = ContinuousClock.now
    log.write("done, saving took \(String(format: "%.2f", (lastSave - started) / .seconds(1))) seconds")
  }

  private func state() throws -> TrainingState {
    var momenta: [String: [Float]] = [:]
    let tensors = try engine.parameters.map { parameter in
      momenta[parameter.name] = try engine.momentum(of: parameter.name)
      return TrainedTensor(name: parameter.name, shape: parameter.shape, values: try engine.values(of: parameter.name))
    }
    return TrainingState(
      epoch: epoch, parameters: tensors, momenta: momenta,
      optimiser: OptimiserSettings(
        learningRate: schedule.learningRate(epoch: epoch), momentum: engine.momentumFactor,
        weightDecay: engine.weightDecay),
      history: history, best: best,
      continuation: Continuation(
        seed: seed, epochs: schedule.epochs, iterations: schedule.iterations,
        validationIterations: schedule.validationIterations, losses: losses))
  }

  private func show(_ phase: TrainingProgress.Phase, done: Int, of count: Int) {
    let rest = schedule.epochs - epoch - 1
    let training = rest * schedule.iterations + (phase == .training ? count - done : 0)
    let validating =
      rest * schedule.validationIterations
      + (phase == .training ? schedule.validationIterations : count - done)
    progress(
      TrainingProgress(
        phase: phase, epoch: epoch, epochs: schedule.epochs, iteration: done, iterations: count,
        loss: losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count), last: last,
        secondsLeft: speed.seconds(training: training, validating: Double(validating) + finalBatches)))
  }

  private static func four(_ value: Double) -> String { String(format: "%.4f", value) }

  /// As Python prints a float that was rounded to at most six decimals.
  private static func rounded(_ value: Double) -> String { "\((value * 1e6).rounded() / 1e6)" }
}
