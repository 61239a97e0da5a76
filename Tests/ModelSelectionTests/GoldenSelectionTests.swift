import Foundation
import ModelSelection
import Testing
import Testkit

/// nnU-Net's own choice on the validations of Task501's 3d_fullres and 3d_lowres.
@Suite(.enabled(if: Fixtures.golden != nil, "needs nnU-Net's larger set of answers (TESSERA_GOLDEN)"))
struct GoldenSelectionTests {
  /// The validations are only read; all that is made goes into a folder of its own.
  @Test func winnerRulesAndScoresAreNnunets() throws {
    let golden = try #require(Fixtures.golden)
    let answers = SelectionAnswers(
      results: golden.appending(path: "selection"),
      expected: golden.appending(path: "expected/selection-3d_fullres-3d_lowres"), task: "Task501_BrainTissue",
      folds: CrossValidatedModel.defaultFolds)
    let output = try TemporaryFolder()
    let models = try answers.models(outputRoot: output.url)
    let result = try ConfigurationSelection(models: models, outputRoot: output.url, threads: 2).run()
    try answers.check(result, root: output.url)
  }
}
