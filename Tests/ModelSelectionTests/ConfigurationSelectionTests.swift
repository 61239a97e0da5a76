import Foundation
import LabelFolders
import ModelSelection
import ModelStore
import Postprocessing
import Testing
import Testkit

@Suite struct ConfigurationSelectionTests {
  private let answers = SelectionAnswers.tiny()

  /// The fixture in a folder that can be written.
  private func copy(in folder: TemporaryFolder) throws -> SelectionAnswers {
    var copy = answers
    copy.results = folder.url.appending(path: "results")
    try FileManager.default.copyItem(at: answers.results, to: copy.results)
    return copy
  }

  private func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  @Test(arguments: [1, 3]) func winnerRulesScoresAndFilesAreNnunets(threads: Int) throws {
    let folder = try TemporaryFolder()
    let answers = try copy(in: folder)
    let result = try ConfigurationSelection(models: try answers.models(outputRoot: nil), threads: threads).run()
    let root = answers.results.appending(path: "nnUNet")
    try answers.check(result, root: root)

    let model = try answers.models(outputRoot: nil)[0]
    guard case .pair(let pair) = result.best.kind else { throw CocoaError(.coderInvalidValue) }
    let summaries = [
      "3d_fullres-raw": model.folder.appending(path: "cv_niftis_raw"),
      "3d_fullres-postprocessed": model.folder.appending(path: "cv_niftis_postprocessed"),
      "ensemble-raw": pair.output.appending(path: "ensembled_raw"),
      "ensemble-postprocessed": pair.output.appending(path: "ensembled_postprocessed"),
    ]
    for (name, folder) in summaries {
      let theirs = try Summary(reading: answers.expected.appending(path: "\(name)-summary.json"))
      let ours = try Summary(reading: folder.appending(path: "summary.json"))
      #expect(ours.withoutOccasion == theirs.withoutOccasion, "\(name)")
      #expect(try LabelFolder(folder).files.count == 4)
    }
    #expect(exists(root.appending(path: "summary_jsons/Task007_Tiny__\(pair.name).json")))
  }

  @Test func anotherFolderTakesAllThatIsWritten() throws {
    let output = try TemporaryFolder()
    let root = output.url.appending(path: "nnUNet")
    let result = try ConfigurationSelection(models: try answers.models(outputRoot: root), outputRoot: root, threads: 2)
      .run()
    try answers.check(result, root: root)
    let model = try answers.models(outputRoot: nil)[0]
    #expect(!exists(model.folder.appending(path: "cv_niftis_raw")))
    #expect(!exists(model.folder.appending(path: "postprocessing.json")))
    let command = PredictionCommands(for: result.best).tessera
    #expect(
      command.hasPrefix(
        "tessera predict -i FOLDER_WITH_TEST_CASES -o OUTPUT_FOLDER -t Task007_Tiny -m 3d_fullres 3d_lowres -f 0 1 -pp "
      ))
    // A single model whose rules lie elsewhere needs them named.
    #expect(PredictionCommands(for: result.candidates[0]).tessera.contains("-m 3d_fullres -f 0 1 -pp \(root.path)"))
  }

  @Test func whatIsThereIsUsedAgainUnlessToldOtherwise() throws {
    let folder = try TemporaryFolder()
    let answers = try copy(in: folder)
    let models = try answers.models(outputRoot: nil)
    let first = try ConfigurationSelection(models: models, threads: 2).run()
    // Damage that only a new consolidation would meet.
    try Data().write(to: models[0].folder.appending(path: "fold_0/validation_raw/case_0.nii.gz"))
    let second = try ConfigurationSelection(models: models, threads: 2).run()
    #expect(second.candidates.map(\.score) == first.candidates.map(\.score))
    let error = #expect(throws: ModelSelectionError.self) {
      try ConfigurationSelection(models: models, remakes: true, threads: 2).run()
    }
    #expect(error?.description.contains("case_0.nii.gz") == true)
    // A consolidation that failed isn't taken for a finished one.
    #expect(!exists(models[0].folder.appending(path: "postprocessing.json")))
  }

  @Test func withoutEnsemblesAndRulesTheBestSingleConfigurationIsNamed() throws {
    let folder = try TemporaryFolder()
    let answers = try copy(in: folder)
    let models = try answers.models(outputRoot: nil)
    let result = try ConfigurationSelection(models: models, ensembles: false, determinesRules: false, threads: 1).run()
    #expect(result.best.name == "3d_fullres")
    #expect(result.candidates.count == 2)
    #expect(!exists(models[0].folder.appending(path: "postprocessing.json")))
    let commands = PredictionCommands(for: result.best)
    #expect(
      commands.nnunet
        == "nnUNet_predict -i FOLDER_WITH_TEST_CASES -o OUTPUT_FOLDER_MODEL1 -tr nnUNetTrainerV2 -ctr nnUNetTrainerV2CascadeFullRes "
        + "-m 3d_fullres -p nnUNetPlansv2.1 -t Task007_Tiny\n")
    #expect(
      commands.tessera
        == "tessera predict -i FOLDER_WITH_TEST_CASES -o OUTPUT_FOLDER -t Task007_Tiny -m 3d_fullres -f 0 1")
  }

  @Test func missingFoldsAndProbabilitiesAreNamed() throws {
    let folder = try TemporaryFolder()
    let answers = try copy(in: folder)
    let model = try answers.models(outputRoot: nil)[0]
    let all = CrossValidatedModel(configuration: model.configuration, folder: model.folder)
    let folds = #expect(throws: ModelSelectionError.self) { try Consolidation(of: all).determineRules(threads: 1) }
    for fold in 2...4 { #expect(folds?.description.contains("fold_\(fold)/validation_raw") == true) }

    try FileManager.default.removeItem(at: model.folder.appending(path: "fold_1/validation_raw/case_3.npz"))
    let probabilities = #expect(throws: ModelSelectionError.self) {
      try ConfigurationSelection(models: try answers.models(outputRoot: nil), threads: 1).run()
    }
    #expect(probabilities?.description.contains("case_3.npz") == true)
  }
}
