public import Foundation
internal import Inference
public import ModelPlans
public import ModelStore
internal import Pickles
internal import TrainingData

/// What `CONFIGURATION TRAINER TASK` stand for: nnU-Net's files, and the network that they describe
/// (nnunet/run/default_configuration.py: get_default_configuration).
public struct TrainingSetup: Sendable {
  public let configuration: ModelConfiguration
  public let trainer: Trainer
  /// `TaskNNN_Name`.
  public let task: String
  /// `nnUNetPlansv2.1_plans_3D.pkl` or `…_2D.pkl` in the task's preprocessed folder.
  public let plansFile: URL
  public let plans: Plans
  public let stage: Int
  public let network: NetworkDescription
  public let batchSize: Int
  /// Whether a patch is so flat that it is augmented slice by slice.
  public let augmentsSlices: Bool
  /// Whether the Dice of a batch is one number.
  public let batchDice: Bool
  /// `nnUNet_preprocessed/TASK`.
  public let datasetFolder: URL
  /// `DATA_stageN` in it.
  public let stageFolder: URL
  /// `RESULTS_FOLDER/nnUNet/CONFIGURATION/TASK/TRAINER__PLANS`.
  public let modelFolder: URL
  /// Preprocessed cases, sorted.
  public let cases: [String]
  /// The first stage's label maps, for a cascade.
  public let previousStage: URL?

  /// Trainers that are implemented: nnU-Net's defaults.
  public static let trainers = [ModelLocation.defaultTrainer, ModelLocation.defaultCascadeTrainer]
  static let nextStageFolder = "pred_next_stage"
  public static let nextStageSuffix = "_segFromPrevStage"

  /// - Parameters:
  ///   - task: the task's whole name.
  ///   - plansIdentifier: nnU-Net's `-p`.
  ///   - preprocessed: `nnUNet_preprocessed`.
  ///   - results: `RESULTS_FOLDER`.
  /// - Throws: `TrainingError`, `TrainingDataError` or `PlansError`, which say what is missing and how to make it.
  public init(
    configuration: ModelConfiguration, trainer name: String, task: String,
    plansIdentifier: String = ModelLocation.defaultPlans, preprocessed: URL, results: URL
  ) throws {
    guard Self.trainers.contains(name) else {
      throw TrainingError(
        "Training is implemented for the trainers \(Self.trainers.joined(separator: " and ")), not for \(name).")
    }
    trainer = try Trainer(named: name)
    guard trainer.isCascade == (configuration == .cascade) else {
      throw TrainingError(
        "The configuration \(configuration.rawValue) is trained by \(Self.trainers[configuration == .cascade ? 1 : 0]), not by \(name)."
      )
    }
    self.configuration = configuration
    self.task = task
    datasetFolder = preprocessed.appending(path: task)
    plansFile = datasetFolder.appending(
      path: "\(plansIdentifier)_plans_\(configuration == .twoDimensional ? "2D" : "3D").pkl")
    guard let data = FileManager.default.contents(atPath: plansFile.path) else {
      throw TrainingError(
        "There are no plans \(plansFile.path); make them with tessera plan -t \(task), or name others by -p.")
    }
    let pickle: PickleValue
    do {
      pickle = try Pickle.load(Array(data), policy: .plain)
    } catch {
      throw TrainingError("The plans \(plansFile.path) can't be read: \(error) Plan the task again.")
    }
    plans = try Plans(pickle: pickle)
    let stages = plans.stages.keys.sorted()
    if configuration == .lowResolution || configuration == .cascade, stages.count < 2 {
      throw TrainingError(
        "\(task) has no \(configuration.rawValue): its plans have a single stage, since the patch of 3d_fullres covers enough of an image."
      )
    }
    stage = configuration == .fullResolution || configuration == .cascade ? stages.last ?? 0 : 0
    batchDice = configuration == .fullResolution ? stages.count > 1 : configuration != .lowResolution
    network = try NetworkDescription(plans: plans, stage: stage, trainer: trainer)
    guard network.poolings > 0 else {
      throw TrainingError(
        "The plans of \(task) have no pooling: its images are smaller than 8 voxels along every axis, which nnU-Net can't train on either."
      )
    }
    let entry = pickle["plans_per_stage"]?[stage]
    guard let size = entry?["batch_size"]?.int, size > 0, let identifier = pickle["data_identifier"]?.text else {
      throw TrainingError(
        "The plans \(plansFile.path) lack 'batch_size' or 'data_identifier', which training needs; plan the task again."
      )
    }
    batchSize = size
    augmentsSlices = entry?["do_dummy_2D_data_aug"]?.boolean ?? false
    stageFolder = datasetFolder.appending(path: "\(identifier)_stage\(stage)")
    cases = try StageCase.names(in: stageFolder)
    let task = results.appending(path: "nnUNet").appending(path: configuration.rawValue).appending(path: task)
    modelFolder = task.appending(path: "\(name)__\(plansIdentifier)")
    previousStage =
      configuration == .cascade
      ? results.appending(path: "nnUNet").appending(path: ModelConfiguration.lowResolution.rawValue)
        .appending(path: self.task).appending(path: "\(ModelLocation.defaultTrainer)__\(plansIdentifier)")
        .appending(path: Self.nextStageFolder) : nil
    try checkPreviousStage()
  }

  private func checkPreviousStage() throws {
    guard let previousStage else { return }
    let missing = cases.filter {
      !FileManager.default.fileExists(atPath: Self.nextStageFile(of: $0, in: previousStage).path)
    }
    guard missing.isEmpty else {
      throw TrainingError(
        "A cascade needs the label maps that 3d_lowres leaves for it, but \(previousStage.path) lacks \(missing.count) of "
          + "\(cases.count), such as \(missing[0]); train all folds of 3d_lowres first.")
    }
  }

  static func nextStageFile(of name: String, in folder: URL) -> URL {
    folder.appending(path: "\(name)\(nextStageSuffix).npz")
  }

  /// Of 3d_lowres: where a case's label map for the cascade lies.
  func nextStageFile(of name: String) -> URL {
    Self.nextStageFile(of: name, in: modelFolder.appending(path: Self.nextStageFolder))
  }

  /// Of 3d_lowres: the cascade's preprocessed cases.
  var nextStageCases: URL {
    stageFolder.deletingLastPathComponent()
      .appending(path: stageFolder.lastPathComponent.dropLast("\(stage)".count) + "\(stage + 1)")
  }

  /// How cases are predicted by what is trained.
  /// - Throws: as `CaseRecipe`.
  func recipe() throws -> CaseRecipe {
    try CaseRecipe(plans: plans, stage: stage, trainer: trainer, network: network)
  }

  /// Foreground labels in the network's order.
  var foregroundClasses: Int { plans.foregroundClasses }
}
