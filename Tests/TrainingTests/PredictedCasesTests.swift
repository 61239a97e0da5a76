import Foundation
import ModelStore
import Testing
import Testkit

@testable import Training

/// A fold's predictions belong to its weights, wherever a process ended.
@Suite struct PredictedCasesTests {
  private let folder: TemporaryFolder
  private let setup: TrainingSetup

  init() throws {
    folder = try TemporaryFolder()
    setup = try SmallTask(in: folder.url, isInTwoStages: true).setup(.lowResolution)
  }

  /// Trains and predicts, until a remark says so.
  /// - Returns: all remarks.
  private func run(
    fold: Int?, epochs: Int = 1, continues: Bool = true, stoppingAt words: String? = nil,
    with change: (inout FoldTrainer.Options) -> Void = { _ in }
  ) throws -> [String] {
    var options = SmallTask.options(epochs: epochs)
    change(&options)
    let trainer = try FoldTrainer(setup, fold: fold, options: options)
    var remarks: [String] = []
    var isStopped = false
    do {
      _ = try trainer.run(
        continues: continues, shouldStop: { isStopped },
        remark: {
          remarks.append($0)
          isStopped = isStopped || words.map($0.contains) ?? false
        })
      #expect(words == nil, "\(remarks)")
    } catch is CancellationError where words != nil {}
    return remarks
  }

  private func files(of fold: Int?, _ name: String = "validation_raw") throws -> FoldFiles {
    FoldFiles(fold: try FoldFolder(setup, fold: fold), validation: name)
  }

  private struct FoldFiles {
    let fold: FoldFolder
    let validation: String

    private func isThere(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    var hasSummary: Bool { isThere(fold.url.appending(path: "\(validation)/summary.json")) }
    var hasRules: Bool { isThere(fold.url.appending(path: "postprocessing.json")) }
    var maps: Int {
      fold.split.validation.count { isThere(fold.url.appending(path: "\(validation)/\($0).nii.gz")) }
    }
    var mapsForCascade: Int { fold.split.validation.count { isThere(fold.setup.nextStageFile(of: $0)) } }
  }

  @Test(arguments: [true, false]) func whatOldWeightsPredictedIsntThatOfNewOnes(continues: Bool) throws {
    _ = try run(fold: 0)
    let files = try files(of: 0)
    #expect(files.hasSummary && files.hasRules && files.maps == 1 && files.mapsForCascade == 1)
    _ = try run(fold: 0, epochs: 2, continues: continues, stoppingAt: "validating")
    #expect(!files.hasSummary && !files.hasRules && files.maps == 0 && files.mapsForCascade == 0)
    let remarks = try run(fold: 0, epochs: 2)
    #expect(remarks.contains { $0.contains("trained already") } && !remarks.contains("validated already"))
    #expect(remarks.contains { $0.contains("validating") } && remarks.contains { $0.contains("for the cascade") })
    #expect(files.hasSummary && files.hasRules && files.maps == 1 && files.mapsForCascade == 1)
    // Now it is done.
    #expect(try run(fold: 0, epochs: 2) == ["trained already, 2 epochs", "validated already"])
  }

  /// Another folder's validation is of the old weights as well, other folds' predictions aren't.
  @Test func allValidationsOfAFoldAreForgottenAndNoOthers() throws {
    _ = try run(fold: 0)
    _ = try run(fold: 1)
    _ = try run(fold: 0) { $0.validation.folder = "other" }
    #expect(try files(of: 0, "other").hasSummary)
    _ = try run(fold: 0, epochs: 2, stoppingAt: "validating")
    #expect(try !files(of: 0, "other").hasSummary && files(of: 0, "other").maps == 0)
    #expect(try files(of: 1).hasSummary && files(of: 1).maps == 1 && files(of: 1).mapsForCascade == 1)
  }

  /// The summary comes last: where it is, references and postprocessing are too.
  @Test func aValidationIsDoneWhenAllThatBelongsToItIsThere() throws {
    let references = setup.modelFolder.appending(path: "gt_niftis")
    try FileManager.default.createDirectory(at: setup.modelFolder, withIntermediateDirectories: true)
    try Data().write(to: references)
    #expect(throws: (any Error).self) { try run(fold: 0) }
    let files = try files(of: 0)
    #expect(!files.hasSummary && files.maps == 1)
    try FileManager.default.removeItem(at: references)
    let remarks = try run(fold: 0)
    #expect(!remarks.contains("validated already") && !remarks.contains { $0.contains("validating") })
    #expect(files.hasSummary && FileManager.default.fileExists(atPath: references.path))
    // Postprocessing that wasn't wanted before is determined without predicting again.
    try FileManager.default.removeItem(at: files.fold.url.appending(path: "postprocessing.json"))
    #expect(try run(fold: 0) == ["trained already, 1 epochs", "determining postprocessing"])
    #expect(files.hasRules)
  }

  @Test func interruptedPredictionsGoOnWhereTheyWere() throws {
    _ = try run(fold: nil, stoppingAt: "(3 of 5)")
    let files = try files(of: nil)
    #expect(files.maps == 2 && !files.hasSummary)
    let remarks = try run(fold: nil, stoppingAt: "for the cascade (3 of 5)")
    #expect(remarks.filter { $0.contains("validating") }.count == 3, "\(remarks)")
    #expect(files.maps == 5 && files.hasSummary && files.mapsForCascade == 2)
    let rest = try run(fold: nil)
    #expect(rest.contains("validated already"))
    #expect(rest.filter { $0.contains("for the cascade") }.count == 3, "\(rest)")
    #expect(files.mapsForCascade == 5)
  }

  /// Maps that `-valbest` left aren't taken for the final checkpoint's.
  @Test func whatAnotherCheckpointPredictedIsPredictedAgain() throws {
    _ = try run(fold: nil)
    let files = try files(of: nil)
    for suffix in [".model", ".model.pkl"] {
      try FileManager.default.copyItem(
        at: files.fold.url.appending(path: "model_final_checkpoint" + suffix),
        to: files.fold.url.appending(path: "model_best" + suffix))
    }
    let best = try run(fold: nil, stoppingAt: "(3 of 5)") { $0.validation.usesBest = true }
    #expect(!best.contains("validated already") && files.maps == 2)
    let final = try run(fold: nil)
    #expect(final.filter { $0.contains("validating") }.count == 5, "\(final)")
    #expect(files.maps == 5 && files.hasSummary)
  }

  /// The cross-validation's label maps stay where the fold `all` is trained beside it.
  @Test func theFoldAllLeavesOthersLabelMapsForTheCascade() throws {
    _ = try run(fold: 0)
    _ = try run(fold: nil, stoppingAt: "validating") { $0.predictsNextStage = false }
    #expect(try files(of: 0).mapsForCascade == 1)
  }

  /// A file that can't be read mustn't cost what is there.
  @Test func pretrainedWeightsAreReadBeforeAnythingGoes() throws {
    _ = try run(fold: 0)
    #expect(throws: ModelStoreError.self) {
      try run(fold: 0, continues: false) { $0.pretrained = folder.url.appending(path: "missing.model") }
    }
    #expect(try run(fold: 0) == ["trained already, 1 epochs", "validated already"])
    // The weights begin with the file's: with the learning rate as it is, one step leaves them near.
    let final = try files(of: 0).fold.keeper.file(.final)
    let copy = folder.url.appending(path: "copy.model")
    try FileManager.default.copyItem(at: final, to: copy)
    _ = try run(fold: 0, continues: false) {
      $0.pretrained = copy
      $0.seed = 99
    }
    let (old, new) = (
      try TrainingState(reading: copy, network: setup.network),
      try TrainingState(reading: final, network: setup.network)
    )
    let distance = zip(old.parameters[0].values, new.parameters[0].values).map { abs($0 - $1) }.max() ?? 1
    #expect(distance < 0.1 && distance > 0)
  }
}
