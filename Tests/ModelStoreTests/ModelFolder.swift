import Foundation
import ModelStore
import Testkit

/// A model folder in a temporary place: the tiny model's plans, and checkpoints that a test makes.
struct ModelFolder {
  let temporary: TemporaryFolder
  var url: URL { temporary.url }

  /// - Parameter folds: subfolders to make, each with the tiny model's description.
  init(folds: [String] = ["fold_0"], checkpoint: String = "model_final_checkpoint") throws {
    temporary = try TemporaryFolder()
    for fold in folds {
      let folder = temporary.url.appending(path: fold)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let source = CheckpointFormatTests.folder("zip").appending(path: "fold_0/model_final_checkpoint.model")
      try FileManager.default.copyItem(at: source, to: folder.appending(path: "\(checkpoint).model"))
      try FileManager.default.copyItem(
        at: source.appendingPathExtension("pkl"), to: folder.appending(path: "\(checkpoint).model.pkl"))
    }
  }

  var checkpoint: URL { url.appending(path: "fold_0/model_final_checkpoint.model") }
  var description: URL { checkpoint.appendingPathExtension("pkl") }

  func open(_ folds: FoldSelection = .automatic) throws -> TrainedModel {
    try TrainedModel.open(folder: url, folds: folds)
  }

  /// Puts a new file in the place of an old one. Overwriting it in place would make ext4 wait for the disk each time.
  func replace(_ file: URL, with bytes: [UInt8]) throws {
    try? FileManager.default.removeItem(at: file)
    try ScratchFile.write(bytes, to: file)
  }

  /// What reading fold 0's weights ends with.
  func failure() -> ModelStoreError? {
    do {
      _ = try open().weights(fold: FoldName(0))
      return nil
    } catch {
      return error as? ModelStoreError
    }
  }
}
