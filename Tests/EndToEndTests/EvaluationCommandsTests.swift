import Foundation
import Testing
import Testkit

/// `tessera postprocess`, `evaluate`, `determine-postprocessing` and `find-best-configuration` as a user types them.
@Suite(.serialized) struct EvaluationCommandsTests {
  private let fixture = Fixtures.directory.appending(path: "selection")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var model: URL {
    fixture.appending(path: "results/nnUNet/3d_fullres/Task007_Tiny/nnUNetTrainerV2__nnUNetPlansv2.1")
  }

  private func run(_ arguments: [String]) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(
      arguments, environment: ["RESULTS_FOLDER": fixture.appending(path: "results").path], folder: folder.url)
  }

  private func copy(_ source: String, to name: String) throws -> URL {
    let target = folder.url.appending(path: name)
    try FileManager.default.copyItem(at: model.appending(path: source), to: target)
    return target
  }

  @Test func evaluateWritesBothFilesAndNamesTheCaseThatFails() async throws {
    let predictions = try copy("fold_0/validation_raw", to: "predictions")
    try FileManager.default.removeItem(at: predictions.appending(path: "summary.json"))
    let references = folder.url.appending(path: "references")
    try FileManager.default.createDirectory(at: references, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: model.appending(path: "gt_niftis/case_0.nii.gz"), to: references.appending(path: "case_0.nii.gz"))
    let arguments = ["evaluate", "-ref", references.path, "-pred", predictions.path, "-l", "1", "2"]

    let incomplete = try await run(arguments)
    #expect(incomplete.code == 65)
    #expect(incomplete.log.contains("case_1.nii.gz"))

    try Data("no image".utf8).write(to: references.appending(path: "case_1.nii.gz"))
    let partly = try await run(arguments)
    #expect(partly.code == 65)
    #expect(partly.log.contains("case_1.nii.gz"))
    #expect(partly.output.contains("HD95 mm"))
    for name in ["summary.json", "evaluation.json"] {
      #expect(FileManager.default.fileExists(atPath: predictions.appending(path: name).path))
    }

    try FileManager.default.removeItem(at: references.appending(path: "case_1.nii.gz"))
    try FileManager.default.copyItem(
      at: model.appending(path: "gt_niftis/case_1.nii.gz"), to: references.appending(path: "case_1.nii.gz"))
    let whole = try await run(arguments + ["--tolerance", "2.5", "--json"])
    #expect(whole.code == 0, "\(whole.log)")
    let json = try JSONSerialization.jsonObject(with: Data(whole.output.utf8)) as? [String: [String: Any]]
    #expect(json?["evaluation"]?["surface_dice_tolerance_mm"] as? Double == 2.5)
    let summary = json?["summary"]?["results"] as? [String: Any]
    #expect((summary?["all"] as? [Any])?.count == 2)
  }

  @Test func postprocessTakesAFolderOrAFile() async throws {
    let input = try copy("fold_0/validation_raw", to: "in")
    let rules = fixture.appending(path: "expected/3d_fullres-postprocessing.json").path
    let output = folder.url.appending(path: "out")
    let all = try await run(["postprocess", "-i", input.path, "-o", output.path, "-pp", rules])
    #expect(all.code == 0, "\(all.log)")
    #expect(all.output.contains("case_1.nii.gz"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: output.path).count == 2)

    let one = folder.url.appending(path: "one.nii.gz")
    let single = try await run([
      "postprocess", "-i", input.appending(path: "case_1.nii.gz").path, "-o", one.path, "-pp", rules,
    ])
    #expect(single.code == 0, "\(single.log)")
    #expect(try Data(contentsOf: one) == Data(contentsOf: output.appending(path: "case_1.nii.gz")))

    let wrong = try await run([
      "postprocess", "-i", input.path, "-o", output.path, "-pp", input.appending(path: "case_0.pkl").path,
    ])
    #expect(wrong.code == 65)
    #expect(wrong.log.contains("postprocessing.json"))
  }

  @Test func selectionNamesTheWinnerAndAReadyCommand() async throws {
    let output = folder.url.appending(path: "selection")
    let result = try await run(["find-best-configuration", "-t", "7", "-f", "0", "1", "-o", output.path])
    #expect(result.code == 0, "\(result.log)")
    #expect(result.output.contains("* "))
    #expect(result.output.contains("0.8621"))
    #expect(result.output.contains("tessera predict -i FOLDER_WITH_TEST_CASES"))
    #expect(result.log.contains("left out, 2d"))
    let rules = try await run([
      "determine-postprocessing", "-t", "7", "-m", "3d", "-f", "0", "1", "-o", folder.url.appending(path: "rules").path,
    ])
    #expect(rules.code == 0, "\(rules.log)")
    #expect(rules.output.contains("Only the largest component stays: of labels 1, 2 together, then of label 1"))
    let missing = try await run(["find-best-configuration", "-t", "7", "-m", "2d", "-o", output.path])
    #expect(missing.code == 65)
  }
}
