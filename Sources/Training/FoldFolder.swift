public import Foundation
public import ModelStore
public import TrainingData

/// A fold of a training: its folder in nnU-Net's layout, and its cases.
public struct FoldFolder: Sendable {
  public let setup: TrainingSetup
  public let fold: FoldName
  public let split: CrossValidationSplit
  public var url: URL { setup.modelFolder.appending(path: fold.folder) }
  public let keeper: CheckpointKeeper

  static let unfinishedSuffix = ".part"

  /// Finds the fold's cases, and makes its folder.
  /// - Parameter fold: a number, or `nil` for `all`.
  /// - Throws: `TrainingDataError` for cases that don't make a fold, `TrainingError` where the folder can't be made.
  public init(_ setup: TrainingSetup, fold number: Int?) throws {
    if number == nil, setup.configuration == .cascade {
      throw TrainingError(
        "A cascade's second stage must not be trained on the fold all: the label maps of 3d_lowres come from cross-validation, and its "
          + "folds would see their own validation cases. Train the folds 0 to 4.")
    }
    self.setup = setup
    fold = number.map { FoldName($0) } ?? .all
    split = try FoldSplit.of(fold: number, cases: setup.cases, folder: setup.datasetFolder)
    let folder = setup.modelFolder.appending(path: fold.folder)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw TrainingError("The folder \(folder.path) can't be made: \(error.localizedDescription)")
    }
    keeper = CheckpointKeeper(
      folder: folder,
      description: try TrainerFile(
        trainer: setup.trainer.name, plansFile: setup.plansFile, outputFolder: setup.modelFolder,
        datasetFolder: setup.datasetFolder, fold: fold, batchDice: setup.batchDice, stage: setup.stage,
        previousTrainer: setup.configuration == .cascade ? ModelLocation.defaultTrainer : nil))
  }

  /// Removes what a killed process left unfinished.
  func tidy() {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    for file in files where file.hasSuffix(Self.unfinishedSuffix) && file.contains(".model.") {
      try? FileManager.default.removeItem(at: url.appending(path: file))
    }
  }

  /// Writes what nnU-Net leaves before it begins: `debug.json`, and above the folds `plans.pkl`.
  func describe(schedule: TrainingSchedule, seed: UInt64, threads: Int) throws {
    try DebugFile(self, schedule: schedule, seed: seed, threads: threads).write(to: url.appending(path: "debug.json"))
    try Data(contentsOf: setup.plansFile).write(to: setup.modelFolder.appending(path: "plans.pkl"), options: .atomic)
  }
}
