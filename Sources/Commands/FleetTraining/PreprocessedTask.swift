internal import Digests
internal import Fleet
internal import FleetContracts
internal import Foundation
internal import TrainingData

/// A task below nnUNet_preprocessed, on its way to trainers.
enum PreprocessedTask {
  /// In the place of the folder's digest until it is stored.
  static let notYetStored = Digest(of: "".utf8)

  /// How many folds the task's split has, which is made where there is none yet: all configurations share it.
  /// - Throws: `InputError` for a task without plans or cases.
  static func folds(of folder: URL, plans: String, configurations: [String]) throws -> Int {
    let files = FileManager.default
    for dimensions in Set(configurations.map { $0 == "2d" ? "2D" : "3D" }).sorted() {
      let file = folder.appending(path: "\(plans)_plans_\(dimensions).pkl")
      guard files.fileExists(atPath: file.path) else {
        throw InputError(
          "There are no plans \(file.path); make them with tessera plan -t \(folder.lastPathComponent), or name others by -p."
        )
      }
    }
    let stages = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).sorted().filter {
      $0.contains("_stage") && files.fileExists(atPath: folder.appending(path: $0).path + "/")
    }
    guard let stage = stages.first(where: { $0.hasPrefix(plans) }) ?? stages.first else {
      throw InputError(
        "\(folder.path) has no preprocessed cases; make them with tessera plan -t \(folder.lastPathComponent).")
    }
    return try FoldSplit.count(cases: try StageCase.names(in: folder.appending(path: stage)), folder: folder)
  }

  /// Puts the task's folder into the store, without what trainers unpack beside it.
  /// - Throws: `BlobStoreError`, `RunFailure`.
  static func put(_ task: String, of preprocessed: URL, into store: any BlobStore) async throws -> Digest {
    try await FolderManifest.put(preprocessed, part: task, into: store) { path in
      !path.hasSuffix(".npy") && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }
  }
}
