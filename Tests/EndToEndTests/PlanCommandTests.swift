import Foundation
import Testing
import Testkit

/// `tessera plan` as a user types it.
@Suite(.serialized) struct PlanCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String]) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(
      ["plan"] + arguments,
      environment: [
        "nnUNet_raw_data_base": folder.url.path, "nnUNet_preprocessed": folder.url.appending(path: "preprocessed").path,
      ], folder: folder.url)
  }

  @Test func aDatasetIsPlannedAndPreprocessed() async throws {
    let raw = folder.url.appending(path: "nnUNet_raw_data")
    try FileManager.default.copyItem(at: Fixtures.directory.appending(path: "planning/raw"), to: raw)
    let result = try await run(["-t", "777", "--verify_dataset_integrity", "--explain"])
    #expect(result.code == 0, "\(result.log)")
    #expect(result.output.contains("3d_fullres") && result.output.contains("target spacing"))
    let preprocessed = folder.url.appending(path: "preprocessed/Task777_Small")
    for name in [
      "nnUNetPlansv2.1_plans_3D.pkl", "nnUNetData_plans_v2.1_2D_stage0/small_03.npz",
      "gt_segmentations/small_00.nii.gz",
    ] {
      #expect(FileManager.default.fileExists(atPath: preprocessed.appending(path: name).path), "\(name)")
    }
    let json = try await run(["-t", "Task777_Small", "-m", "2d", "--no_pp", "--json", "--patch", "1,16,16"])
    #expect(json.code == 0, "\(json.log)")
    let plans = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
    let stage = (plans?.first?["stages"] as? [[String: Any]])?.first
    #expect(stage?["patch"] as? [Int] == [16, 16])

    try FileManager.default.removeItem(at: raw.appending(path: "Task777_Small/labelsTr/small_02.nii.gz"))
    let broken = try await run(["-t", "777", "--verify_dataset_integrity"])
    #expect(broken.code == 65 && broken.log.contains("small_02 has no file labelsTr/small_02.nii.gz"))
  }

  @Test func aTaskThatIsNotThereIsNamed() async throws {
    let result = try await run(["-t", "999"])
    #expect(result.code == 64 && result.log.contains("There is no task 999"))
  }
}
