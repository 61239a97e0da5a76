import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

/// Folders, folds, cascades and ensembles as a user types them, held against nnU-Net's own answers (`Tests/Fixtures/oracle`).
@Suite(.serialized) struct OracleCommandTests {
  private let oracle = Fixtures.directory.appending(path: "oracle")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var out: URL { folder.url.appending(path: "out") }
  private var passes: URL { oracle.appending(path: "passes") }

  private func predict(_ arguments: [String]) async throws -> (code: Int32, log: String) {
    let result = try await TesseraProcess.run(
      ["predict", "-o", out.path] + arguments,
      environment: ["RESULTS_FOLDER": passes.appending(path: "results").path], folder: folder.url)
    return (result.code, result.log)
  }

  /// All label maps of a folder with nnU-Net's answers must have been made, voxel by voxel.
  private func check(against answers: URL, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: answers.path).filter { $0.hasSuffix(".nii.gz") }
    try #require(!names.isEmpty)
    for name in names {
      let expected = try LabelMap.load(answers.appending(path: name)).labels
      let ours = try LabelMap.load(out.appending(path: name)).labels
      #expect(ours.extent == expected.extent, sourceLocation: sourceLocation)
      let differing = withExtendedLifetime((ours, expected)) {
        zip(ours.elements, expected.elements).count { $0 != $1 }
      }
      #expect(differing == 0, "\(answers.lastPathComponent)/\(name)", sourceLocation: sourceLocation)
    }
  }

  @Test func badCasesAmongGoodOnesAreNamed() async throws {
    let place = oracle.appending(path: "bad_among_good")
    let input = folder.url.appending(path: "in")
    try FileManager.default.copyItem(at: place.appending(path: "images"), to: input)
    try Data("no image".utf8).write(to: input.appending(path: "c_broken_0000.nii.gz"))
    let result = try await predict([
      "-i", input.path, "-d", place.appending(path: "model").path, "--disable_tta",
    ])
    #expect(result.code == 65)
    #expect(result.log.contains("2 of 4 cases failed: a_empty, c_broken"), "\(result.log)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: out.path).count { $0.hasSuffix(".nii.gz") } == 2)
    try check(against: place.appending(path: "expected"))
  }

  @Test func anOldCheckpointOfAllCases() async throws {
    let place = oracle.appending(path: "old")
    let result = try await predict([
      "-i", place.appending(path: "images").path, "-d", place.appending(path: "model").path, "-f", "all",
    ])
    #expect(result.code == 0, "\(result.log)")
    try check(against: place.appending(path: "expected"))
  }

  @Test func aTrainerWithoutMirroringAsksForTheFlag() async throws {
    let place = oracle.appending(path: "no_mirroring")
    let words = [
      "-i", place.appending(path: "images").path, "-d", place.appending(path: "model").path, "-f", "10", "1", "3",
    ]
    let refused = try await predict(words)
    #expect(refused.code == 65)
    #expect(refused.log.contains("--disable_tta"), "\(refused.log)")
    let result = try await predict(words + ["--disable_tta", "--step_size", "0.3"])
    #expect(result.code == 0, "\(result.log)")
    try check(against: place.appending(path: "expected"))
  }

  /// What follows `-i IMAGES -t 910 --disable_tta`, and the folder with nnU-Net's answers. Each model's `postprocessing.json` is applied:
  /// regions, minimal sizes, none; the cascade has permuted axes, and an image with a zero border.
  @Test(arguments: [
    (["-m", "2d"], "2d"), (["-m", "3d_lowres"], "3d_lowres"), (["-m", "3d"], "3d_fullres"),
    (["-m", "3d_cascade_fullres"], "3d_cascade_fullres"),
    (["-m", "3d_cascade_fullres", "-l", "EXPECTED/2d"], "given"),
    (["-m", "2d", "3d_fullres"], "2d+3d_fullres"),
    (["-m", "2d", "3d_fullres", "-pp", "PASSES/postprocessing.json"], "2d+3d_fullres-postprocessed"),
    (["-m", "2d", "3d_fullres", "3d_cascade_fullres"], "2d+3d_fullres+3d_cascade_fullres"),
    (
      ["-m", "2d", "3d_fullres", "3d_cascade_fullres", "-pp", "PASSES/postprocessing.json"],
      "2d+3d_fullres+3d_cascade_fullres-postprocessed"
    ),
  ])
  func configurationsAloneAndTogether(words: [String], answer: String) async throws {
    let expected = passes.appending(path: "expected")
    let filled = words.map {
      $0.replacing("EXPECTED", with: expected.path).replacing("PASSES", with: passes.path)
    }
    let result = try await predict(
      ["-i", passes.appending(path: "images").path, "-t", "910", "--disable_tta"] + filled)
    #expect(result.code == 0, "\(result.log)")
    try check(against: expected.appending(path: answer))
  }
}
