public import Digests
public import FleetContracts
public import Foundation
internal import Inference
public import ModelStore
internal import Postprocessing

/// The models that this process has opened, by the digest of their manifest.
///
/// A worker fetches a model from the blob store once, into a cache folder, where it stays for later processes. A local run adopts a
/// folder where it is.
public actor ModelLibrary {
  private let store: (any BlobStore)?
  private let cacheFolder: URL?
  private var opened: [Digest: TrainedModel] = [:]
  private var manifests: [Digest: ModelManifest] = [:]

  /// A library of adopted folders only.
  public init() {
    store = nil
    cacheFolder = nil
  }

  /// A library that fetches models.
  /// - Parameter cacheFolder: each model becomes a subfolder; made if missing.
  public init(store: any BlobStore, cacheFolder: URL) {
    self.store = store
    self.cacheFolder = cacheFolder
  }

  /// Opens a model where it lies, and takes it up under its digest.
  /// - Throws: `ModelStoreError`; `InferenceError` for a model that this version can't apply.
  public func adopt(
    folder: URL, selection: FoldSelection, checkpoint: String, treatedAs trainer: String? = nil
  ) throws -> (record: ModelRecord, folds: [String]) {
    let model = try TrainedModel.open(
      folder: folder, folds: selection, checkpoint: checkpoint, treatedAs: trainer)
    _ = try CaseRecipe(model)  // refuses a model that can't be applied before any image is read
    let manifest = try ModelManifest(of: model)
    let digest = try manifest.digest
    opened[digest] = model
    manifests[digest] = manifest
    return (ModelRecord(model, name: model.configuration.rawValue, digest: digest), model.folds.map(\.folder))
  }

  /// Puts all files of a model into `store`, so that workers can fetch it.
  /// - Throws: `ModelStoreError`, `BlobStoreError`; `InferenceError` for a model that this version can't apply.
  public static func publish(
    folder: URL, selection: FoldSelection, checkpoint: String, treatedAs trainer: String? = nil, name: String,
    to store: any BlobStore
  ) async throws -> ModelRecord {
    let model = try TrainedModel.open(
      folder: folder, folds: selection, checkpoint: checkpoint, treatedAs: trainer)
    // What can't be applied or loaded here can't be there: better now than in a worker at night.
    _ = try CaseRecipe(model)
    for fold in model.folds { _ = try model.weights(fold: fold) }
    let manifest = try ModelManifest(of: model)
    for file in manifest.files {
      let data = try NSData(contentsOf: folder.appending(path: file.path), options: .alwaysMapped)
      let blob = Blob(bytes: UnsafeRawBufferPointer(start: data.bytes, count: data.length), owner: data)
      let digest = try await store.put(blob)
      guard digest == file.sha256 else {
        throw RunFailure(
          kind: .invalid,
          reason:
            "The model's file \(file.path) changed while it was being registered; register it again when it is finished."
        )
      }
    }
    let encoded = try manifest.encoded()
    return ModelRecord(model, name: name, digest: try await store.put(Blob(copying: encoded)))
  }

  /// The rules that nnU-Net left beside a model (`postprocessing.json`); `nil` where it left none.
  /// - Throws: as `model`; `PostprocessingError` for rules that can't be read.
  func postprocessing(_ digest: Digest) async throws -> PostprocessingRules? {
    let file = try await model(digest).folder.appending(path: "postprocessing.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try PostprocessingRules(json: try Data(contentsOf: file))
  }

  /// The model of a digest, fetched if need be.
  /// - Throws: `BlobStoreError`, `ModelStoreError`, `RunFailure`.
  public func model(_ digest: Digest) async throws -> TrainedModel {
    if let model = opened[digest] { return model }
    guard let store, let cacheFolder else { throw BlobStoreError.missing(digest) }
    let manifest = try await Self.manifest(digest, in: store)
    let folder = cacheFolder.appending(path: digest.hexadecimal)
    if !FileManager.default.fileExists(atPath: folder.path) {
      try await Self.fetch(manifest, from: store, into: folder)
    }
    let model = try TrainedModel.open(
      folder: folder, folds: manifest.foldSelection, checkpoint: manifest.checkpoint, treatedAs: manifest.treatedAs)
    opened[digest] = model
    manifests[digest] = manifest
    return model
  }

  /// SHA-256 of the checkpoint of a fold, of a model that is open.
  func checkpointDigest(of fold: FoldName, in model: Digest) -> Digest? {
    manifests[model]?.checkpointDigest(of: fold)
  }

  /// Fetches all files beside `folder` and renames them into place, so a folder of that name is always whole.
  static func fetch(_ manifest: ModelManifest, from store: any BlobStore, into folder: URL) async throws {
    let files = FileManager.default
    let temporary = folder.deletingLastPathComponent().appending(path: ".fetching-\(UUID().uuidString)")
    defer { try? files.removeItem(at: temporary) }
    do {
      for file in manifest.files {
        let target = temporary.appending(path: file.path)
        try files.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        let blob = try await store.get(file.sha256)
        try blob.withBytes { try Data($0).write(to: target) }
      }
      try files.moveItem(at: temporary, to: folder)
    } catch let error as BlobStoreError {
      throw error
    } catch  where files.fileExists(atPath: folder.path) {
      // Another process was faster; its folder holds the same bytes.
    } catch {
      throw RunFailure(
        kind: .transient,
        reason:
          "The model can't be written to the cache folder (\(error.localizedDescription)); check its space and permissions."
      )
    }
  }
}
