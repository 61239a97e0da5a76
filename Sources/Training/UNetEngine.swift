internal import Augmentation
internal import Foundation
internal import Gradients
internal import Kernels
internal import ModelPlans
internal import ModelStore

/// The U-Net of a fold, with the batches that it is trained on: made ahead, on a thread of their own, while the network computes.
final class UNetEngine: GradientEngine {
  private let network: TrainableNetwork
  private let source: BatchSource
  private let schedule: TrainingSchedule
  private let fold: FoldName
  private let record: TrainingRecord?
  private var prefetcher: BatchPrefetcher?

  /// Batches that may wait; one more is being made and one is being computed with.
  private static let ahead = 4
  /// Code, libraries and the runtimes' own memory.
  static let programBytes = 160 << 20

  /// - Parameters:
  ///   - maxMemory: what the process may take, in bytes; `nil` for no limit.
  ///   - record: the folder for a record of what the network is trained on; `nil` for none.
  /// - Throws: `GradientsError`, `AugmentationError`, `TrainingMemoryError` for a limit that is too low.
  init(
    _ fold: FoldFolder, schedule: TrainingSchedule, seed: UInt64, threads: Int, maxMemory: Int?, record: URL? = nil
  ) throws {
    let setup = fold.setup
    self.schedule = schedule
    self.fold = fold.fold
    self.record = record.map { TrainingRecord(in: $0, setup, schedule) }
    let seeds = FoldSeeds(seed, fold: fold.fold)
    let settings = try BatchSettings(
      patch: setup.network.patch, batchSize: setup.batchSize, augmentsInPlane: setup.augmentsSlices,
      usesMask: setup.plans.useMaskForNormalization, targetExtents: DeepSupervision(setup.network).extents,
      previousStageLabels: setup.previousStage == nil ? [] : setup.plans.classLabels)
    let others = Self.otherBytes(settings, parameters: setup.network.parameterCount)
    do {
      network = try TrainableNetwork(
        description: setup.network,
        settings: TrainingSettings(batchSize: setup.batchSize, batchDice: setup.batchDice),
        seed: seeds.weights, pool: ComputePool(threads: threads), maxMemory: maxMemory.map { max(0, $0 - others) })
    } catch GradientsError.overMemoryLimit(let needed, _) {
      throw TrainingMemoryError(needed: needed + others, limit: maxMemory ?? 0)
    }
    source = try BatchSource(
      folder: setup.stageFolder, training: fold.split.training, validation: fold.split.validation,
      previousStage: setup.previousStage, settings: settings, seed: seeds.batches)
  }

  /// What a training holds beside the network: the program, batches, and weights and momentum on their way to a file.
  private static func otherBytes(_ settings: BatchSettings, parameters: Int) -> Int {
    programBytes + (ahead + 1) * settings.batchBytes + settings.workingBytes + 2 * parameters
      * MemoryLayout<Float>.stride
  }

  var parameters: [NetworkParameter] { network.parameters }
  func values(of name: String) throws -> [Float] { try network.values(of: name) }
  func setValues(_ values: [Float], of name: String) throws { try network.setValues(values, of: name) }
  func momentum(of name: String) throws -> [Float]? { try network.momentum(of: name) }
  func setMomentum(_ values: [Float]?, of name: String) throws { try network.setMomentum(values, of: name) }

  /// Exact for numbers that a person would write, such as 0.99.
  var momentumFactor: Double {
    get { Double("\(network.settings.momentum)") ?? Double(network.settings.momentum) }
    set { network.settings.momentum = Float(newValue) }
  }
  var weightDecay: Double { Double("\(network.settings.weightDecay)") ?? Double(network.settings.weightDecay) }

  func step(_ index: IterationIndex, learningRate: Double) throws -> Double {
    let batch = try batch(BatchIndex(.training, epoch: index.epoch, iteration: index.iteration))
    try record?.add(batch, to: network)
    return try network.step(images: batch.images, targets: batch.targets, learningRate: Float(learningRate))
  }

  func evaluate(_ index: IterationIndex) throws -> ValidationBatch {
    let batch = try batch(BatchIndex(.validation, epoch: index.epoch, iteration: index.iteration))
    let found = try network.evaluate(images: batch.images, targets: batch.targets)
    return ValidationBatch(
      loss: found.loss, truePositives: found.truePositives, falsePositives: found.falsePositives,
      falseNegatives: found.falseNegatives)
  }

  var waited: Duration { prefetcher?.waited ?? .zero }

  func redrawConvolutions(seed: UInt64) { network.redrawConvolutions(seed: FoldSeeds(seed, fold: fold).weights) }

  /// Makes no more batches.
  func stop() { prefetcher?.stop() }

  private func batch(_ index: BatchIndex) throws -> TrainingBatch {
    if prefetcher == nil {
      let skipped = index.phase == .training ? index.iteration : schedule.iterations + index.iteration
      prefetcher = try BatchPrefetcher(
        source,
        schedule: BatchSchedule(
          epochs: index.epoch..<schedule.epochs, trainingIterations: schedule.iterations,
          validationIterations: schedule.validationIterations, skipped: skipped), ahead: Self.ahead)
    }
    guard let batch = try prefetcher?.next(), batch.index == index else {
      throw TrainingError("The batch of \(index) wasn't made; this is a mistake in the program.")
    }
    return batch
  }
}
