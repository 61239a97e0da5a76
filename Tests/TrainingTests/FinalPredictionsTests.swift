import Foundation
import ModelStore
import Planning
import Testing
import Testkit

@testable import Training

/// What is expected after the last epoch, beside what is then done.
@Suite struct FinalPredictionsTests {
  @Test(arguments: [
    (ExperimentPlan.Dimensions.three, ModelConfiguration.fullResolution), (.two, .twoDimensional),
    (.three, .lowResolution),
  ])
  func asManyTilesArePredictedAsWereExpected(
    dimensions: ExperimentPlan.Dimensions, configuration: ModelConfiguration
  ) throws {
    let folder = try TemporaryFolder()
    let task = try SmallTask(in: folder.url, dimensions, isInTwoStages: configuration == .lowResolution)
    let options = SmallTask.options()
    let trainer = try FoldTrainer(try task.setup(configuration), fold: 0, options: options)
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

    // What isn't wanted isn't expected; 3d_lowres predicts each case once more for the cascade.
    var less = options
    less.predictsNextStage = false
    let validation = try FinalPredictions(trainer.fold, options: less).tiles
    #expect(expected.tiles == (configuration == .lowResolution ? 2 : 1) * validation)
    less.validates = false
    #expect(try FinalPredictions(trainer.fold, options: less).tiles == 0)
  }
}
