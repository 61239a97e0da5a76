import Foundation
import Kernels
import ModelStore
import Planning
import Testing
import Testkit
import TrainingData

@testable import Training

/// What is expected after the last epoch, beside what is then done.
@Suite struct FinalPredictionsTests {
  private static let task = "Task777_Small"

  /// A small task of five cases, planned and preprocessed for a network of two features that slides through each.
  private static func planned(in folder: URL, _ dimensions: ExperimentPlan.Dimensions) throws {
    let files = FileManager.default
    let raw = folder.appending(path: "raw/\(task)")
    try files.createDirectory(at: raw.deletingLastPathComponent(), withIntermediateDirectories: true)
    try files.copyItem(at: Fixtures.directory.appending(path: "planning/raw/\(task)"), to: raw)
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
      preprocessed: folder.appending(path: "preprocessed"), pool: ComputePool(threads: 1)
    ) { _ in }
    let planner = ExperimentPlanner(settings: PlannerSettings(baseFeatures: 2, patch: [8, 16, 16]))
    let plan = try planner.plan(try planning.fingerprint(), dimensions: dimensions)
    try planning.write(plan)
    try planning.preprocess([plan])
  }

  @Test(arguments: [(ExperimentPlan.Dimensions.three, ModelConfiguration.fullResolution), (.two, .twoDimensional)])
  func asManyTilesArePredictedAsWereExpected(
    dimensions: ExperimentPlan.Dimensions, configuration: ModelConfiguration
  ) throws {
    let folder = try TemporaryFolder()
    try Self.planned(in: folder.url, dimensions)
    let setup = try TrainingSetup(
      configuration: configuration, trainer: "nnUNetTrainerV2", task: Self.task,
      preprocessed: folder.url.appending(path: "preprocessed"), results: folder.url.appending(path: "results"))
    let options = FoldTrainer.Options(epochs: 1, iterations: 1, validationIterations: 1, seed: 1)
    let trainer = try FoldTrainer(setup, fold: 0, options: options)
    var (seen, results): ([TrainingProgress], [EpochResult]) = ([], [])
    _ = try trainer.run(continues: false, progress: { seen.append($0) }, epochDone: { results.append($0) })

    let expected = try FinalPredictions(trainer.fold, options: options)
    #expect(expected.tiles > 1 && expected.mirrorings == (dimensions == .three ? 8 : 4))
    let predicting = seen.filter { $0.phase == .predicting }
    #expect(predicting.map(\.iteration) == Array(0..<expected.tiles))
    #expect(predicting.allSatisfy { $0.iterations == expected.tiles })
    #expect(predicting.first?.secondsLeft == nil && predicting.dropFirst().allSatisfy { $0.secondsLeft ?? 0 > 0 })
    // Before it, the bar's expected rest is that of the predictions.
    let trained = try #require(seen.last { $0.phase == .validating })
    #expect(trained.secondsLeft == results.first?.finalSeconds && results.first?.finalSeconds ?? 0 > 0)

    // Where nothing is to be predicted, nothing is expected.
    var none = options
    none.validates = false
    #expect(try FinalPredictions(trainer.fold, options: none).tiles == 0)
    none.validates = true
    none.validation.overwrites = false
    #expect(try FinalPredictions(trainer.fold, options: none).tiles == 0, "they are there")
  }
}
