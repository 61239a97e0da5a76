import Foundation
import Kernels
import Testing
import Testkit
import TrainingData

@Suite struct DatasetIntegrityTests {
  private func damaged(_ damage: (URL) throws -> Void) throws -> [String] {
    let folder = try TemporaryFolder()
    let task = folder.url.appending(path: "Task777_Small")
    try FileManager.default.copyItem(
      at: Fixtures.directory.appending(path: "planning/raw/Task777_Small"), to: task)
    try damage(task)
    return DatasetIntegrity.problems(of: try RawDataset(folder: task), pool: ComputePool(threads: 1))
  }

  @Test func allProblemsAreNamedAtOnce() throws {
    let problems = try damaged { task in
      let files = FileManager.default
      try files.removeItem(at: task.appending(path: "imagesTr/small_01_0001.nii.gz"))
      try files.copyItem(
        at: task.appending(path: "imagesTr/small_00_0000.nii.gz"),
        to: task.appending(path: "imagesTr/other_0000.nii.gz"))
      try files.removeItem(at: task.appending(path: "labelsTr/small_02.nii.gz"))
      try files.copyItem(
        at: task.appending(path: "labelsTr/small_00.nii.gz"), to: task.appending(path: "labelsTr/small_02.nii.gz"))
      try Data("no image".utf8).write(to: task.appending(path: "imagesTr/small_03_0000.nii.gz"))
    }
    #expect(problems.contains { $0.contains("imagesTr/other_0000.nii.gz belongs to no case") })
    #expect(problems.contains { $0.contains("small_01 has no file imagesTr/small_01_0001.nii.gz") })
    #expect(problems.contains { $0.contains("small_02_0000.nii.gz has 15x22x28 voxels") })
    #expect(problems.contains { $0.contains("small_03_0000.nii.gz can't be used") })
  }

  @Test func labelsThatAreNotListedAreNamed() throws {
    let problems = try damaged { task in
      let file = task.appending(path: "dataset.json")
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      try Data(text.replacing("\"2\": \"wedge\",", with: "").utf8).write(to: file)
    }
    #expect(problems.first == "The labels in dataset.json must be 0, 1, 2 … without gaps, found [0, 1, 3].")
    #expect(problems.count { $0.contains("have the value(s) [2], which dataset.json doesn't list") } == 3)
  }

  @Test(arguments: ["{", "{}", #"{"modality": {"0": "MRI"}, "labels": {"0": "b"}, "training": []}"#])
  func aDatasetFileThatSaysTooLittleIsAnError(text: String) throws {
    let folder = try TemporaryFolder()
    try Data(text.utf8).write(to: folder.url.appending(path: "dataset.json"))
    #expect(throws: TrainingDataError.self) { try RawDataset(folder: folder.url) }
  }
}
