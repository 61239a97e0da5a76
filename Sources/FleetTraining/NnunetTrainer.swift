public import Fleet
public import FleetContracts
internal import FleetMetrics
public import Foundation
internal import ModelSelection
internal import ModelStore
internal import Training

/// Trains as nnU-Net does (`FoldTrainer`), and chooses as nnUNet_find_best_configuration does.
public struct NnunetTrainer: TrainingPerforming {
  private let threads: Int
  private let maxMemory: Int?

  /// - Parameters:
  ///   - threads: that compute.
  ///   - maxMemory: bytes that a training may use; `nil` for no limit.
  public init(threads: Int, maxMemory: Int?) {
    self.threads = threads
    self.maxMemory = maxMemory
  }

  /// - Throws: `CancellationError` once it should stop; `RunFailure` where another trainer may have the memory that this one hasn't; `TrainingError` and
  ///   others for what can't be trained.
  public func train(
    _ work: FoldWork, epochDone: @escaping (TrainingEpoch) throws -> Void,
    shouldStop: @escaping @Sendable () -> Bool
  ) throws {
    let spec = work.spec
    let setup = try TrainingSetup(
      configuration: try configuration(work.configuration), trainer: spec.trainer(of: work.configuration),
      task: spec.task, plansIdentifier: spec.plans, preprocessed: work.preprocessed, results: work.results)
    var options = FoldTrainer.Options(
      epochs: spec.epochs, iterations: spec.iterations, validationIterations: spec.validationIterations,
      seed: UInt64(bitPattern: Int64(spec.seed)), threads: threads, maxMemory: maxMemory)
    // Pairs are averaged by their probabilities.
    options.validation.savesProbabilities = spec.ensembles
    options.predictsNextStage =
      work.configuration == TrainingSpec.lowResolution && spec.configurations.contains(TrainingSpec.cascade)
    let trainer = try FoldTrainer(setup, fold: work.fold, options: options)
    do {
      _ = try trainer.run(
        continues: true, shouldStop: shouldStop, progress: { _ in }, remark: { _ in },
        epochDone: { result in
          FleetMetrics.trainingBatchWait.increment(by: result.waitedSeconds, work.configuration)
          try epochDone(
            TrainingEpoch(
              epoch: result.epoch, trainingLoss: result.trainingLoss, validationLoss: result.validationLoss,
              dice: result.dice.isEmpty ? nil : result.dice.reduce(0, +) / Double(result.dice.count),
              learningRate: result.learningRate, seconds: result.seconds, finalSeconds: result.finalSeconds))
        })
    } catch is TrainingInterrupted {
      throw CancellationError()
    } catch let error as TrainingMemoryError {
      throw RunFailure(kind: .outOfMemory, reason: error.description)
    }
  }

  /// - Throws: `ModelSelectionError` and others where the folds can't be compared.
  public func select(_ spec: TrainingSpec, results: URL) throws -> TrainingSelection {
    let models = try spec.configurations.map { name in
      CrossValidatedModel(
        configuration: try configuration(name),
        folder: try ModelLocation.find(
          results: results, task: spec.task, configuration: name, trainer: spec.trainer,
          cascadeTrainer: spec.cascadeTrainer, plans: spec.plans), folds: spec.folds)
    }
    for model in models { try keepOnlyValidated(model) }
    let result = try ConfigurationSelection(models: models, ensembles: spec.ensembles, threads: threads).run()
    return TrainingSelection(
      best: result.best.name,
      candidates: result.candidates.map { TrainingChoice.Candidate(name: $0.name, dice: $0.score) },
      winners: result.best.models.map {
        TrainingSelection.Winner(configuration: $0.configuration.rawValue, folder: $0.folder)
      })
  }

  /// Where fewer folds were trained than the split has, leaves the references of their cases only: the comparison is about those.
  private func keepOnlyValidated(_ model: CrossValidatedModel) throws {
    let files = FileManager.default
    let validated = model.folds.flatMap { fold in
      (try? files.contentsOfDirectory(
        atPath: model.folder.appending(path: "fold_\(fold)/\(model.validation)").path)) ?? []
    }
    for file in try files.contentsOfDirectory(atPath: model.references.path) where !validated.contains(file) {
      try files.removeItem(at: model.references.appending(path: file))
    }
  }

  private func configuration(_ name: String) throws -> ModelConfiguration {
    guard let configuration = ModelConfiguration(rawValue: name) else {
      throw TrainingError("There is no configuration \(name).")
    }
    return configuration
  }
}
