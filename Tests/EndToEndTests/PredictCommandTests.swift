import Foundation
import Testing
import Testkit

/// `tessera predict` as a user types it.
@Suite(.serialized) struct PredictCommandTests {
  private let model = Fixtures.directory.appending(path: "Task501/model")
  private let small = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func predict(_ arguments: [String], environment: [String: String] = [:]) async throws -> (
    code: Int32, output: String, log: String
  ) {
    try await TesseraProcess.run(["predict"] + arguments, environment: environment, folder: folder.url)
  }

  private func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.url.appending(path: name).path)
  }

  @Test func aCaseGetsLabelsReportAndPicture() async throws {
    let out = folder.url.appending(path: "out")
    let result = try await predict(["-i", small.path, "-o", out.path, "-d", model.path, "--disable-tta", "-z"])
    #expect(result.code == 0, "\(result.log)")
    #expect(result.output.contains("grey matter"))
    for name in ["colin_small.nii.gz", "colin_small.json", "colin_small.png", "colin_small.npz", "colin_small.pkl"] {
      #expect(exists("out/\(name)"), "\(name)")
    }
    let again = try await predict(["-i", small.path, "-o", out.path, "-d", model.path, "--disable-tta", "-z"])
    #expect(again.code == 0)
    #expect(again.log.contains("skipped"))
  }

  @Test func aBadCaseDoesNotStopTheOthers() async throws {
    let input = folder.url.appending(path: "in")
    try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
    let whole = try Data(contentsOf: small)
    try whole.prefix(whole.count / 2).write(to: input.appending(path: "a_0000.nii.gz"))
    try whole.write(to: input.appending(path: "b_0000.nii.gz"))
    let result = try await predict([
      "-i", input.path, "-o", folder.url.appending(path: "out").path, "-d", model.path, "--disable_tta",
    ])
    #expect(result.code == 65)
    #expect(result.log.contains("1 of 2 cases failed: a"))
    #expect(exists("out/b.nii.gz") && !exists("out/a.nii.gz"))
  }

  @Test func nnUNetsFoldersAndWordsWork() async throws {
    let place = folder.url.appending(path: "results/nnUNet/3d_fullres/Task501_BrainTissue")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: place.appending(path: "nnUNetTrainerV2__nnUNetPlansv2.1"), withDestinationURL: model)
    let result = try await predict(
      [
        "-i", small.path, "-o", folder.url.appending(path: "out").path, "-t", "501", "-m", "3d_fullres", "-f", "0",
        "--disable_tta", "--step_size", "0.5", "--json",
      ], environment: ["RESULTS_FOLDER": folder.url.appending(path: "results").path])
    #expect(result.code == 0, "\(result.log)")
    #expect(result.output.contains("\"label_sha256\""))
  }

  @Test func allFoldsIsSaidInFull() async throws {
    let demo = Fixtures.directory.appending(path: "demo/model")
    for (model, taken) in [(demo, "-f all: all"), (model, "-f all: fold_0")] {
      let result = try await predict([
        "-i", small.path, "-o", folder.url.appending(path: "out").path, "-d", model.path, "-f", "all", "--disable_tta",
        "--overwrite_existing",
      ])
      #expect(result.code == 0, "\(result.log)")
      #expect(result.log.contains(taken))
    }
  }

  @Test(arguments: [
    (["-i", "missing.nii.gz", "-o", "out", "-d", "MODEL"], Int32(65), "missing.nii.gz"),
    (["-i", "IMAGE", "-o", "out", "-d", "missing"], 65, "missing"),
    (["-i", "IMAGE", "-o", "out"], 64, "-d MODEL_DIR"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "-f", "7"], 65, "fold_7"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--step_size", "2"], 64, "step_size"),
  ])
  func aMistakeGetsOneClearSentence(arguments: [String], code: Int32, words: String) async throws {
    let filled = arguments.map { $0 == "MODEL" ? model.path : $0 == "IMAGE" ? small.path : $0 }
    let result = try await predict(filled)
    #expect(result.code == code)
    #expect(result.log.contains(words), "\(result.log)")
    #expect(!result.log.contains("Fatal") && !result.log.contains("NSCocoa"), "\(result.log)")
  }
}
