public import Digests
public import FleetContracts
internal import Foundation
public import ModelStore

/// What a check of a stored model found.
public struct ModelCheck: Hashable, Sendable {
  public struct File: Hashable, Sendable {
    /// Below the model's folder.
    public var path: String
    /// `nil` for a file that is whole.
    public var problem: String?
  }

  public var files: [File]
  /// Trained numbers of all folds.
  public var parameters = 0
  /// Whole sentences; none for a model that is whole.
  public var problems: [String]
}

extension ModelLibrary {
  /// The list of a stored model's files.
  /// - Throws: `BlobStoreError`, `RunFailure` when the blob is no manifest.
  public static func manifest(_ digest: Digest, in store: any BlobStore) async throws -> ModelManifest {
    let blob = try await store.get(digest)
    do throws(ModelStoreError) {
      return try ModelManifest(json: Data(blob.copy))
    } catch {
      throw RunFailure(kind: .invalid, reason: "The blob \(digest) is no model's manifest. \(error)")
    }
  }

  /// Reads all of a stored model: each file against its digest, each fold's checkpoint against the network.
  ///
  /// The files are copied to a temporary folder for it, one model's worth.
  /// - Throws: `BlobStoreError` when the store or the manifest can't be read. What is wrong with the model itself is in the result.
  public static func verify(_ digest: Digest, in store: any BlobStore) async throws -> ModelCheck {
    let manifest = try await manifest(digest, in: store)
    var check = ModelCheck(files: [], problems: [])
    for file in manifest.files {
      var problem: String?
      do {
        let blob = try await store.get(file.sha256)
        if blob.count != file.size { problem = "It has \(blob.count) bytes, its manifest says \(file.size)." }
      } catch let error as BlobStoreError {
        if case .unavailable = error { throw error }
        problem = error.description
      }
      check.files.append(ModelCheck.File(path: file.path, problem: problem))
      if let problem { check.problems.append("\(file.path): \(problem)") }
    }
    guard check.problems.isEmpty else { return check }
    let scratch = try ScratchFolder()
    let folder = scratch.url.appending(path: "model")
    try await fetch(manifest, from: store, into: folder)
    do {
      let model = try TrainedModel.open(
        folder: folder, folds: manifest.foldSelection, checkpoint: manifest.checkpoint)
      for fold in model.folds { _ = try model.weights(fold: fold) }
      check.parameters = model.network.parameterCount * model.folds.count
    } catch {
      check.problems.append(error.description)
    }
    return check
  }
}
