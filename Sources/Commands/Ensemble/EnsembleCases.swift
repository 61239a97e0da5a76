internal import Foundation
internal import Inference

/// The cases whose probabilities lie in several folders, one for each model (nnunet/inference/ensemble_predictions.py, `merge`).
struct EnsembleCases {
  let folders: [URL]
  /// Sorted.
  let names: [String]

  /// Every case of which some folder has an `.npz`; all folders must have it, and its `.pkl`.
  /// - Throws: `InputError` that names what is missing.
  init(folders: [URL]) throws {
    var names: Set<String> = []
    for folder in folders {
      let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
      guard let files else {
        throw InputError("The folder \(folder.path) can't be read; -f takes folders of saved probabilities.")
      }
      for file in files where file.hasSuffix(Self.suffix) && !file.hasPrefix(".") && file.count > Self.suffix.count {
        names.insert(String(file.dropLast(Self.suffix.count)))
      }
    }
    self.folders = folders
    self.names = names.sorted()
    guard !names.isEmpty else {
      throw InputError(
        "No folder of -f holds an .npz; make probabilities with `tessera predict -z` or `nnUNet_predict -z`.")
    }
    let missing = self.names.flatMap { members(of: $0) }.flatMap { [$0.probabilities, $0.properties] }
      .filter { !FileManager.default.fileExists(atPath: $0.path) }
    guard missing.isEmpty else {
      let more = missing.count > Self.shown ? " and \(missing.count - Self.shown) more" : ""
      throw InputError(
        "Every folder must have every case's .npz and .pkl; missing are "
          + missing.prefix(Self.shown).map(\.path).joined(separator: ", ") + more + ".")
    }
  }

  private static let suffix = ".npz"
  /// So many missing files are named.
  private static let shown = 5

  /// A case's files, in the order of the folders.
  func members(of name: String) -> [SavedPrediction] {
    folders.map {
      SavedPrediction(
        probabilities: $0.appending(path: "\(name).npz"), properties: $0.appending(path: "\(name).pkl"))
    }
  }
}
