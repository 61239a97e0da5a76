public import Foundation
public import ModelPlans
internal import Pickles

/// A trained model of nnU-Net v1, opened where nnU-Net left it. Nothing is ever written into its folder.
///
///     let model = try TrainedModel.open(folder: url, folds: .automatic)
///     for fold in model.folds { let weights = try model.weights(fold: fold) … }
public struct TrainedModel: Sendable {
  /// `<trainer>__<plans>` in nnU-Net's layout.
  public let folder: URL
  /// Base name of the checkpoints' files.
  public let checkpoint: String
  public let configuration: ModelConfiguration
  /// What decides about network and inference: the class that trained the model, or the one that `open` was told to take.
  public let trainer: Trainer
  /// The plans of the first selected fold, which count for all, as in nnU-Net.
  public let plans: Plans
  /// Key of `plans.stages` that the model was trained for.
  public let stage: Int
  public let network: NetworkDescription
  /// The selected folds, in the order in which their probabilities are added.
  public let folds: [FoldName]

  public static let defaultCheckpoint = "model_final_checkpoint"

  /// Name of the class that trained the model.
  public let trainerName: String

  /// The plans of the stage that the model was trained for.
  public let stagePlans: PlansStage

  /// Whether prediction may be averaged over mirrored patches; asking for it is an error where not.
  public var mirroringAllowed: Bool { trainer.mirroring != .notAllowed }

  /// Axes of the patch, in transposed order, along which patches are mirrored when mirroring is on.
  public var mirrorAxes: [Int] { trainer.mirroring == .allAxes ? Array(0..<network.spatialAxes) : [] }

  /// Opens a model: reads the plans of its first selected fold; checkpoints are left for `weights(fold:)`.
  /// - Parameter trainer: nnU-Net's class to take the model for, instead of the one that it names: for a class that isn't nnU-Net's,
  ///   or that nnU-Net trains with but can't predict with. The weights must fit the network of that class; what can't be seen in them
  ///   (activation, order of a block, mirroring, regions) is the caller's word.
  /// - Throws: `ModelStoreError` that says which file is missing or what in it is wrong.
  public static func open(
    folder: URL, folds: FoldSelection = .automatic, checkpoint: String = defaultCheckpoint,
    treatedAs trainer: String? = nil
  ) throws(ModelStoreError) -> TrainedModel {
    let names = try folds.folds(in: folder)
    for fold in names { try requireCheckpoint(folder, fold, checkpoint) }
    guard let first = names.first else { throw ModelStoreError(.notFound, "'\(folder.path)' has no folds.") }
    let description = try TrainerDescription(
      folder.appending(path: first.folder).appending(path: "\(checkpoint).model.pkl"))
    return try TrainedModel(
      folder: folder, checkpoint: checkpoint, folds: names, description: description, treatedAs: trainer)
  }

  private init(
    folder: URL, checkpoint: String, folds: [FoldName], description: TrainerDescription, treatedAs: String?
  ) throws(ModelStoreError) {
    do throws(PlansError) {
      trainer = try Trainer(named: treatedAs ?? description.trainer)
      plans = try Plans(pickle: description.plans)
      stage = try description.stage(of: plans)
      network = try NetworkDescription(plans: plans, stage: stage, trainer: trainer)
      guard let stagePlans = plans.stages[stage] else {
        throw PlansError.noStage(wanted: "\(stage)", available: plans.stages.keys.sorted())
      }
      self.stagePlans = stagePlans
    } catch {
      throw ModelStoreError(error.code, "The model in '\(folder.path)' can't be used. \(error)")
    }
    self.folder = folder
    self.checkpoint = checkpoint
    self.folds = folds
    trainerName = description.trainer
    configuration = ModelConfiguration(folder: folder, plans: plans, stage: stage, trainer: trainer)
  }

  /// Reads the weights of a fold and holds them against the network.
  /// - Throws: `ModelStoreError`; for tensors that are missing, unexpected or of another shape it names them.
  public func weights(fold: FoldName) throws(ModelStoreError) -> FoldWeights {
    try openCheckpoint(fold).weights(of: network)
  }

  func openCheckpoint(_ fold: FoldName) throws(ModelStoreError) -> Checkpoint {
    try Checkpoint(TrainedModel.checkpointURL(folder, fold, checkpoint))
  }

  /// Throws unless a fold has both files of the checkpoint; the error names the checkpoints that it has.
  private static func requireCheckpoint(
    _ folder: URL, _ fold: FoldName, _ checkpoint: String
  ) throws(ModelStoreError) {
    let suffix = ".model.pkl"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: fold.folder).path)) ?? []
    guard files.contains("\(checkpoint).model"), files.contains("\(checkpoint)\(suffix)") else {
      let others = files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
      throw ModelStoreError(
        .notFound,
        "The fold '\(fold)' in '\(folder.path)' lacks '\(checkpoint).model' or '\(checkpoint)\(suffix)'. "
          + (others.isEmpty ? "It has no checkpoint." : "Its checkpoints are: \(others.joined(separator: ", "))."))
    }
  }

  static func checkpointURL(_ folder: URL, _ fold: FoldName, _ checkpoint: String) -> URL {
    folder.appending(path: fold.folder).appending(path: "\(checkpoint).model")
  }
}

extension PlansError {
  fileprivate var code: ModelStoreError.Code {
    switch self {
    case .unsupportedTrainer, .unknownTrainer: .unsupported
    case .missing, .invalid, .noStage: .damaged
    }
  }
}
