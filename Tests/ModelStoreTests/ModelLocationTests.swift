import Foundation
import ModelStore
import Testing
import Testkit

@Suite("Finding a model by nnU-Net's names")
struct ModelLocationTests {
  private let results: TemporaryFolder

  init() throws {
    results = try TemporaryFolder()
    for path in [
      "3d_fullres/Task501_Brain/nnUNetTrainerV2__nnUNetPlansv2.1", "2d/Task501_Brain/nnUNetTrainerV2__nnUNetPlansv2.1",
      "3d_cascade_fullres/Task501_Brain/nnUNetTrainerV2CascadeFullRes__nnUNetPlansv2.1",
      "3d_fullres/Task007_Pancreas/nnUNetTrainerV2_noMirroring__myPlans", "2d/Task050_A/x__y",
      "3d_fullres/Task050_B/x__y",
    ] {
      try FileManager.default.createDirectory(
        at: results.url.appending(path: "nnUNet").appending(path: path), withIntermediateDirectories: true)
    }
  }

  private func find(
    _ task: String, _ configuration: String = "3d_fullres", trainer: String? = nil, plans: String? = nil
  )
    throws -> String
  {
    let folder = try ModelLocation.find(
      results: results.url, task: task, configuration: configuration, trainer: trainer, plans: plans)
    return String(folder.path.dropFirst(results.url.path.count))
  }

  private func failure(_ body: () throws -> String) -> ModelStoreError? {
    do { _ = try body() } catch { return error as? ModelStoreError }
    return nil
  }

  @Test("a task is its name or its number", arguments: ["Task501_Brain", "501"])
  func task(_ task: String) throws {
    #expect(try find(task) == "/nnUNet/3d_fullres/Task501_Brain/nnUNetTrainerV2__nnUNetPlansv2.1")
  }

  @Test("small numbers, other trainers and plans, the cascade's trainer, the inner folder")
  func variants() throws {
    for number in ["7", "007"] {
      let found = try find(number, trainer: "nnUNetTrainerV2_noMirroring", plans: "myPlans")
      #expect(found.hasSuffix("Task007_Pancreas/nnUNetTrainerV2_noMirroring__myPlans"))
    }
    #expect(try find("501", "3d_cascade_fullres").hasSuffix("nnUNetTrainerV2CascadeFullRes__nnUNetPlansv2.1"))
    let inner = try ModelLocation.find(
      results: results.url.appending(path: "nnUNet"), task: "501", configuration: "2d")
    #expect(inner.lastPathComponent == "nnUNetTrainerV2__nnUNetPlansv2.1")
  }

  @Test("errors list what there is")
  func errors() throws {
    #expect(
      failure { try find("999") }?.description.contains("Task007_Pancreas, Task050_A, Task050_B, Task501_Brain") == true
    )
    #expect(failure { try find("50") }?.code == .ambiguous)
    #expect(
      failure { try find("501", "3d_lowres") }?.description.contains("It has: 2d, 3d_fullres, 3d_cascade_fullres")
        == true)
    #expect(failure { try find("7") }?.description.contains("nnUNetTrainerV2_noMirroring__myPlans") == true)
    #expect(
      failure { try find("501", "4d") }?.description.contains("2d, 3d_lowres, 3d_fullres, 3d_cascade_fullres") == true)
    #expect(failure { try find("../Task501_Brain") }?.code == .notFound)
    #expect(throws: ModelStoreError.self) {
      try ModelLocation.find(results: URL(filePath: "/nowhere"), task: "501", configuration: "2d")
    }
  }
}
