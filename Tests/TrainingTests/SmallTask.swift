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
    let files = FileManager.default
    let raw = folder.appending(path: "raw/\(Self.name)")
    try files.createDirectory(at: raw.deletingLastPathComponent(), withIntermediateDirectories: true)
    try files.copyItem(at: Fixtures.directory.appending(path: "planning/raw/\(Self.name)"), to: raw)
    for name in ["imagesTr/small_#_0000", "imagesTr/small_#_0001", "labelsTr/small_#"] {
      try files.copyItem(
        at: raw.appending(path: name.replacing("#", with: "03") + ".nii.gz"),
        to: raw.appending(path: name.replacing("#", with: "04") + ".nii.gz"))
    }
    let file = raw.appending(path: "dataset.json")
    var dataset = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    dataset["training"] = (0..<5).map {
      ["image": "./imagesTr/small_0\($0).nii.gz", "label": "./labelsTr/small_0\($0).nii.gz"]
    }
    try JSONSerialization.data(withJSONObject: dataset).write(to: file)
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
