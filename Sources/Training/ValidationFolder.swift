internal import Foundation
internal import LabelFolders
internal import PythonJSON

/// A folder in a fold's with the validation cases as some checkpoint predicts them.
///
/// `summary.json` is the mark of a validation that is done with all that belongs to it: it goes first and comes back last. Each case's label map is
/// the mark of that case.
struct ValidationFolder {
  let url: URL

  private static let argumentsFile = "validation_args.json"
  /// Beside nnU-Net's arguments, which don't say it.
  private static let checkpointKey = "checkpoint"

  init(_ fold: FoldFolder, named name: String) { url = fold.url.appending(path: name) }

  var summaryFile: URL { url.appending(path: Summary.fileName) }
  /// Name of the folder that gets the predictions after postprocessing.
  var processedName: String { url.lastPathComponent + "_postprocessed" }

  func isThere(_ name: String, withProbabilities: Bool) -> Bool {
    let suffixes = [LabelFolder.suffix] + (withProbabilities ? [".npz", ".pkl"] : [])
    return suffixes.allSatisfy { FileManager.default.fileExists(atPath: url.appending(path: name + $0).path) }
  }

  /// Whether what lies here was predicted by a checkpoint, or nothing says by which.
  func isOf(_ checkpoint: CheckpointKeeper.Kind) -> Bool {
    guard let data = FileManager.default.contents(atPath: url.appending(path: Self.argumentsFile).path),
      let name = (try? JSONValue(parsing: data))?[Self.checkpointKey]?.string
    else { return true }
    return name == checkpoint.rawValue
  }

  /// Writes nnU-Net's `validation_args.json`.
  /// - Throws: `LabelFolderError`.
  func writeArguments(_ options: FoldValidation.Options) throws {
    let arguments: [String: JSONValue] = [
      "do_mirroring": .boolean(true), "use_sliding_window": .boolean(true), "step_size": .float(0.5),
      "save_softmax": .boolean(options.savesProbabilities), "use_gaussian": .boolean(true),
      "overwrite": .boolean(options.overwrites), "validation_folder_name": .string(options.folder),
      "debug": .boolean(false), "all_in_gpu": .boolean(false), "segmentation_export_kwargs": .null,
      Self.checkpointKey: .string(options.checkpoint.rawValue),
    ]
    try FileWriting.write(JSONValue.object(arguments).serialized(), to: url.appending(path: Self.argumentsFile))
  }

  /// The validation isn't done any more.
  func removeMark() { try? FileManager.default.removeItem(at: summaryFile) }

  /// Removes what was predicted, and what was found out about it.
  func forget() {
    let processed = url.deletingLastPathComponent().appending(path: processedName)
    for folder in [url, processed] {
      // The mark goes first.
      try? FileManager.default.removeItem(at: folder.appending(path: Summary.fileName))
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      let suffixes = [LabelFolder.suffix, ".npz", ".pkl", FoldFolder.unfinishedSuffix]
      for file in files where suffixes.contains(where: file.hasSuffix) {
        try? FileManager.default.removeItem(at: folder.appending(path: file))
      }
    }
  }

  /// All of a fold.
  static func all(of fold: FoldFolder) -> [ValidationFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: fold.url.path)) ?? []
    return names.map { ValidationFolder(fold, named: $0) }.filter {
      FileManager.default.fileExists(atPath: $0.url.appending(path: argumentsFile).path)
    }
  }
}
