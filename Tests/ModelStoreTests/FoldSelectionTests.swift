import Foundation
import ModelStore
import Testing
import Testkit

@Suite("Choosing folds")
struct FoldSelectionTests {
  private func names(_ selection: FoldSelection, of folds: [String]) throws -> [String] {
    try ModelFolder(folds: folds).open(selection).folds.map(\.folder)
  }

  @Test("by default every fold_* sorted as texts, and 'all' only where it stands alone")
  func automatic() throws {
    #expect(try names(.automatic, of: ["fold_2", "fold_10", "fold_1", "all"]) == ["fold_1", "fold_10", "fold_2"])
    #expect(try names(.automatic, of: ["all"]) == ["all"])
  }

  @Test("'all' is the fold of that name, or every fold where it doesn't exist")
  func all() throws {
    #expect(try names(.all, of: ["fold_0", "all"]) == ["all"])
    #expect(try names(.all, of: ["fold_0", "fold_1"]) == ["fold_0", "fold_1"])
  }

  @Test("a fold that nnU-Net left without a model is passed over")
  func leftBehind() throws {
    for (folds, expected) in [(["all"], ["all"]), (["fold_1"], ["fold_1"])] {
      let folder = try ModelFolder(folds: folds)
      let left = folder.url.appending(path: "fold_0")
      try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
      try Data("a log".utf8).write(to: left.appending(path: "training_log_2020_1_1.txt"))
      #expect(try folder.open().folds.map(\.folder) == expected)
      #expect(throws: ModelStoreError.self) { try folder.open(.list([0])) }
    }
  }

  @Test("numbers keep the order in which they are given")
  func list() throws {
    #expect(try names(.list([3, 0]), of: ["fold_0", "fold_1", "fold_3"]) == ["fold_3", "fold_0"])
  }

  @Test("a fold that isn't there is an error that lists those that are")
  func missing() throws {
    let folder = try ModelFolder(folds: ["fold_0", "fold_1"])
    let error = #expect(throws: ModelStoreError.self) { try folder.open(.list([0, 4])) }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("lacks the folds fold_4. It has: fold_0, fold_1.") == true)
    #expect(throws: ModelStoreError.self) { try folder.open(.list([])) }
    #expect(throws: ModelStoreError.self) { try folder.open(.list([0, 0])) }
    #expect(throws: ModelStoreError.self) { try ModelFolder(folds: []).open() }
  }

  @Test("a checkpoint that isn't there is an error that lists those that are")
  func otherCheckpoint() throws {
    let folder = try ModelFolder(checkpoint: "model_best")
    let error = #expect(throws: ModelStoreError.self) { try folder.open() }
    #expect(error?.description.contains("Its checkpoints are: model_best.") == true)
    #expect(try TrainedModel.open(folder: folder.url, checkpoint: "model_best").folds.map(\.folder) == ["fold_0"])
  }

  @Test("a folder that isn't there")
  func noFolder() throws {
    let error = #expect(throws: ModelStoreError.self) { try TrainedModel.open(folder: URL(filePath: "/nowhere/model")) }
    #expect(error?.code == .notFound)
  }
}
