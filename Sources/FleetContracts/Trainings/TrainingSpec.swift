public import Digests
internal import Wording

/// What is to be trained: one task, several configurations, each on several folds of the cross-validation.
public struct TrainingSpec: Hashable, Sendable, Codable {
  /// `Task501_BrainTissue`.
  public var task: String
  /// nnU-Net's names: `2d`, `3d_lowres`, `3d_fullres`, `3d_cascade_fullres`.
  public var configurations: [String]
  /// Folds of the task's split, from 0.
  public var folds: [Int]
  /// How many folds the task's split has: a cascade needs the first stage of all of them.
  public var foldsOfSplit: Int
  /// The trainer's class; the cascade's has a name of its own.
  public var trainer: String
  public var cascadeTrainer: String
  /// The plans' identifier, such as `nnUNetPlansv2.1`.
  public var plans: String
  /// The preprocessed task in the blob store, as a folder's manifest.
  public var data: Digest
  /// What `tessera submit --model` will call the configuration that does best.
  public var model: String
  public var epochs: Int
  /// Training batches of an epoch.
  public var iterations: Int
  /// Validation batches of an epoch.
  public var validationIterations: Int
  /// Weights and batches are drawn from it: the same seed gives the same bits.
  public var seed: Int
  /// A checkpoint goes into the blob store after so many epochs.
  public var checkpointEvery: Int
  /// Whether pairs of configurations compete too, for which validations keep their probabilities.
  public var ensembles: Bool

  public static let lowResolution = "3d_lowres"
  public static let cascade = ModelRecord.cascadeConfiguration
  public static let knownConfigurations = ["2d", lowResolution, "3d_fullres", cascade]

  public init(
    task: String, configurations: [String], folds: [Int] = Array(0..<5), foldsOfSplit: Int = 5,
    trainer: String = "nnUNetTrainerV2", cascadeTrainer: String = "nnUNetTrainerV2CascadeFullRes",
    plans: String = "nnUNetPlansv2.1", data: Digest, model: String, epochs: Int = 1000, iterations: Int = 250,
    validationIterations: Int = 50, seed: Int = 0, checkpointEvery: Int = 1, ensembles: Bool = true
  ) {
    self.task = task
    self.configurations = configurations
    self.folds = folds
    self.foldsOfSplit = foldsOfSplit
    self.trainer = trainer
    self.cascadeTrainer = cascadeTrainer
    self.plans = plans
    self.data = data
    self.model = model
    self.epochs = epochs
    self.iterations = iterations
    self.validationIterations = validationIterations
    self.seed = seed
    self.checkpointEvery = checkpointEvery
    self.ensembles = ensembles
  }

  /// The trainer's class of a configuration.
  public func trainer(of configuration: String) -> String {
    configuration == Self.cascade ? cascadeTrainer : trainer
  }

  /// - Throws: `TrainingSpecError` for what can't be trained.
  public func check() throws(TrainingSpecError) {
    func demand(_ holds: Bool, _ sentence: @autoclosure () -> String) throws(TrainingSpecError) {
      guard holds else { throw TrainingSpecError(description: sentence()) }
    }
    for name in configurations where !Self.knownConfigurations.contains(name) {
      throw TrainingSpecError(
        description:
          "\(name.quotable()) is no configuration; those are \(Self.knownConfigurations.joined(separator: ", ")).")
    }
    try demand(!configurations.isEmpty && !folds.isEmpty, "A training needs at least one configuration and one fold.")
    try demand(
      Set(configurations).count == configurations.count && Set(folds).count == folds.count,
      "A training takes each configuration and each fold once.")
    for fold in folds where !(0..<foldsOfSplit).contains(fold) {
      throw TrainingSpecError(
        description: "There is no fold \(fold): the task's split has the folds 0 to \(foldsOfSplit - 1).")
    }
    try demand(
      !configurations.contains(Self.cascade) || configurations.contains(Self.lowResolution),
      "A cascade goes on with the results of 3d_lowres; name that configuration too.")
    try demand(
      epochs > 0 && iterations > 0 && validationIterations > 0,
      "A training has at least one epoch, of at least one training and one validation batch.")
    try demand(checkpointEvery > 0, "A checkpoint is kept after every epoch (1) or after every so many.")
    try demand(
      !model.isEmpty && model.count <= 200 && !task.isEmpty && task.count <= 200,
      "A task and the model that it becomes have names of 1 to 200 characters.")
  }

  /// The jobs in the order in which they are begun, each with the positions of those that it waits for.
  ///
  /// A cascade's second stage waits for the first stage of all folds of the split, as each of its training cases was predicted by the fold
  /// that hadn't seen it; so those are trained even where fewer folds were asked for. The last job chooses among all.
  public var jobs: [(work: TrainingWork, needs: [Int])] {
    var jobs: [(work: TrainingWork, needs: [Int])] = []
    let hasCascade = configurations.contains(Self.cascade)
    // The cascade last, so that its first stage comes before it.
    for configuration in configurations.filter({ $0 != Self.cascade }) {
      let isFirstStage = hasCascade && configuration == Self.lowResolution
      for fold in isFirstStage ? Array(0..<foldsOfSplit) : folds {
        jobs.append((.fold(configuration: configuration, fold: fold), []))
      }
    }
    if hasCascade {
      let first = jobs.indices.filter { jobs[$0].work.configuration == Self.lowResolution }
      for fold in folds { jobs.append((.fold(configuration: Self.cascade, fold: fold), first)) }
    }
    jobs.append((.selection, Array(jobs.indices)))
    return jobs
  }
}

/// What a job of a training does.
public enum TrainingWork: Hashable, Sendable, Codable {
  case fold(configuration: String, fold: Int)
  /// Finds the best configuration, and registers it as a model.
  case selection

  public var configuration: String? {
    if case .fold(let configuration, _) = self { configuration } else { nil }
  }

  public var fold: Int? {
    if case .fold(_, let fold) = self { fold } else { nil }
  }

  /// `fold` or `selection`.
  public var kind: String { configuration == nil ? "selection" : "fold" }

  /// `nil` for what isn't one.
  public init?(kind: String, configuration: String?, fold: Int?) {
    switch (kind, configuration, fold) {
    case ("fold", let configuration?, let fold?): self = .fold(configuration: configuration, fold: fold)
    case ("selection", nil, nil): self = .selection
    default: return nil
    }
  }
}

/// A training that can't be: one sentence.
public struct TrainingSpecError: Error, Hashable, CustomStringConvertible {
  public var description: String
}
