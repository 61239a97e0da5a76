import Foundation
import Kernels
import ModelStore
import Planning
import Testing
import Testkit
import TrainingData

@testable import Training

/// A small task of five cases, planned and preprocessed for a network of two features that slides through each.
struct SmallTask {
  private static let name = "Task777_Small"
  let folder: URL

  /// - Parameter isInTwoStages: whether the patch is so small that there is a 3d_lowres.
  init(in folder: URL, _ dimensions: ExperimentPlan.Dimensions = .three, isInTwoStages: Bool = false) throws {
    self.folder = folder
    let raw = try Fixtures.copyTaskOfFiveCases(into: folder.appending(path: "raw"))
    let planning = DatasetPlanning(
      try RawDataset(folder: raw), cropped: folder.appending(path: "cropped"),
      preprocessed: preprocessed, pool: ComputePool(threads: 1)
    ) { _ in }
    let planner = ExperimentPlanner(
      settings: PlannerSettings(baseFeatures: 2, patch: isInTwoStages ? [8, 8, 8] : [8, 16, 16]))
    let plan = try planner.plan(try planning.fingerprint(), dimensions: dimensions)
    try planning.write(plan)
    try planning.preprocess([plan])
  }

  var preprocessed: URL { folder.appending(path: "preprocessed") }

  func setup(_ configuration: ModelConfiguration = .fullResolution) throws -> TrainingSetup {
    try TrainingSetup(
      configuration: configuration, trainer: "nnUNetTrainerV2", task: Self.name,
      preprocessed: preprocessed, results: folder.appending(path: "results"))
  }

  /// As short as can be.
  static func options(epochs: Int = 1) -> FoldTrainer.Options {
    FoldTrainer.Options(epochs: epochs, iterations: 1, validationIterations: 1, seed: 1)
  }
}
