internal import Foundation
internal import ModelStore
internal import Testkit
internal import ZipFiles

/// Files that readers need beside the one that is fuzzed: a tiny trained model (`Tests/Fixtures/formats`), and room for one file.
final class FuzzScratch {
  /// The fuzzed file under a name of its own.
  let file: URL
  /// A model whose `checkpoint` and `description` may be replaced.
  let model: URL
  /// The model as it was made.
  let pristine: TrainedModel
  var checkpoint: URL { model.appending(path: "fold_0/model_final_checkpoint.model") }
  var description: URL { checkpoint.appendingPathExtension("pkl") }

  /// Where readers may put files of their own.
  var folder: URL { temporary.url }

  private let temporary: TemporaryFolder
  private let fixture: URL
  /// The checkpoint's entries, without its pickle.
  private let storages: [(name: String, bytes: [UInt8])]

  init() throws {
    temporary = try TemporaryFolder()
    file = temporary.url.appending(path: "input")
    model = temporary.url.appending(path: "model")
    fixture = Fixtures.directory.appending(path: "formats/zip")
    try FileManager.default.copyItem(at: fixture, to: model)
    pristine = try TrainedModel.open(folder: fixture)
    let zip = try ZipReader(path: fixture.appending(path: "fold_0/model_final_checkpoint.model").path)
    storages = try zip.entries.filter { !$0.name.hasSuffix("data.pkl") }.map {
      ($0.name, try zip.read($0, limit: 1 << 20))
    }
  }

  /// Puts `bytes` in the place of a file. Overwriting it in place would make some file systems wait for the disk each time.
  func replace(_ file: URL, with bytes: [UInt8]) throws {
    unlink(file.path)
    try ScratchFile.write(bytes, to: file)
  }

  /// Brings back the model's file that `replace` took away.
  func restore(_ file: URL) throws {
    unlink(file.path)
    try FileManager.default.copyItem(
      at: fixture.appending(path: "fold_0").appending(path: file.lastPathComponent), to: file)
  }

  /// Makes a checkpoint whose object is `pickle` and whose storages are the tiny model's.
  func replaceCheckpoint(pickle: [UInt8]) throws {
    unlink(checkpoint.path)
    let writer = try ZipWriter(path: checkpoint.path)
    let top = storages.first?.name.split(separator: "/").first.map(String.init) ?? "archive"
    try writer.add("\(top)/data.pkl", pickle, compression: .stored)
    for storage in storages { try writer.add(storage.name, storage.bytes, compression: .stored) }
    try writer.finish()
  }
}
