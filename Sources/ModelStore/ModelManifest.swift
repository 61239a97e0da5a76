public import Digests
public import Foundation
internal import Wording

/// The files that somebody needs to open a model with certain folds: what a worker fetches, and the model's identity.
///
/// Its JSON is deterministic: keys are sorted, files are in the order of their paths. So is its digest.
public struct ModelManifest: Hashable, Sendable, Codable {
  public struct File: Hashable, Sendable, Codable {
    /// Path below the model's folder, with `/`; never absolute, never with `..`.
    public var path: String
    /// Bytes.
    public var size: Int
    public var sha256: Digest

    public init(path: String, size: Int, sha256: Digest) {
      self.path = path
      self.size = size
      self.sha256 = sha256
    }
  }

  public static let currentVersion = 1

  /// Version of this format.
  public var version: Int
  public var configuration: ModelConfiguration
  /// Base name of the checkpoints' files.
  public var checkpoint: String
  /// In the order in which they predict.
  public var folds: [FoldName]
  /// The class that the model is taken for, where it isn't the one that the model names.
  public var treatedAs: String?
  public var files: [File]

  public init(
    configuration: ModelConfiguration, checkpoint: String, folds: [FoldName], files: [File], treatedAs: String? = nil,
    version: Int = currentVersion
  ) {
    self.version = version
    self.configuration = configuration
    self.checkpoint = checkpoint
    self.folds = folds
    self.treatedAs = treatedAs
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// The manifest of an opened model: its selected folds' checkpoints and what stands beside them. Reads every file once.
  /// - Throws: `ModelStoreError`.
  public init(of model: TrainedModel) throws(ModelStoreError) {
    var paths = model.folds.flatMap { fold in
      [".model", ".model.pkl"].map { "\(fold.folder)/\(model.checkpoint)\($0)" }
    }
    for optional in ["plans.pkl", "postprocessing.json"]
    where FileManager.default.fileExists(atPath: model.folder.appending(path: optional).path) {
      paths.append(optional)
    }
    var files: [File] = []
    for path in paths {
      let file = try InputFile(model.folder.appending(path: path))
      files.append(File(path: path, size: file.size, sha256: try file.digest()))
    }
    self.init(
      configuration: model.configuration, checkpoint: model.checkpoint, folds: model.folds, files: files,
      treatedAs: model.trainer.name == model.trainerName ? nil : model.trainer.name)
  }

  /// Reads what `encoded` made.
  /// - Throws: `ModelStoreError`.
  public init(json: Data) throws(ModelStoreError) {
    do {
      self = try JSONDecoder().decode(ModelManifest.self, from: json)
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "\(error)"
      throw ModelStoreError(.damaged, "A model's manifest can't be read: \(reason). Register the model again.")
    }
  }

  /// Refuses a manifest of another version, and paths that lead out of the model's folder.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(Int.self, forKey: .version)
    configuration = try container.decode(ModelConfiguration.self, forKey: .configuration)
    checkpoint = try container.decode(String.self, forKey: .checkpoint)
    folds = try container.decode([FoldName].self, forKey: .folds)
    treatedAs = try container.decodeIfPresent(String.self, forKey: .treatedAs)
    files = try container.decode([File].self, forKey: .files)
    let names = [checkpoint] + folds.map(\.folder)
    guard version == ModelManifest.currentVersion, files.allSatisfy({ $0.size >= 0 }),
      files.map(\.path).allSatisfy(ModelManifest.isInside), names.allSatisfy({ !$0.contains("/") && $0 != ".." })
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription:
            "A model's manifest has version \(ModelManifest.currentVersion) and paths inside its folder."))
    }
  }

  private static func isInside(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\0") }
  }

  /// Sorted keys, no white space: the same manifest makes the same bytes.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// The model's digest: SHA-256 of `encoded()`. It covers every file's content and path, the folds and their order,
  /// and the class that the model is taken for.
  public var digest: Digest {
    get throws { Digest(of: try encoded()) }
  }

  /// SHA-256 of a fold's checkpoint, the file with its weights.
  public func checkpointDigest(of fold: FoldName) -> Digest? {
    let path = "\(fold.folder)/\(checkpoint)\(ModelFiles.checkpointSuffixes[0])"
    return files.first { $0.path == path }?.sha256
  }

  /// The selection that opens the same folds in the folder to which the files were fetched.
  public var foldSelection: FoldSelection { .named(folds) }
}
