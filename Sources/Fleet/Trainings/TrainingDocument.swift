public import Digests
public import FleetContracts
internal import Foundation

/// What a trainer needs to know of a job, as a blob.
public struct TrainingDocument: Hashable, Sendable, Codable {
  public var version = 1
  public var spec: TrainingSpec
  public var work: TrainingWork
  /// The fold's folder to go on from, as a folder's manifest; `nil` for a new beginning.
  public var checkpoint: Digest?
  public var checkpointEpochs: Int
  /// Results of what the job needs.
  public var inputs: [DueTrainingJob.Input]

  init(_ due: DueTrainingJob) {
    spec = due.spec
    work = due.job.work
    checkpoint = due.job.checkpoint
    checkpointEpochs = due.job.checkpointEpochs
    inputs = due.inputs
  }

  func encoded() throws -> Blob {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Blob(copying: try encoder.encode(self))
  }

  /// - Throws: `BlobStoreError`; `RunFailure` for a document that this version can't read.
  static func get(_ digest: Digest, from store: any BlobStore) async throws -> TrainingDocument {
    let json = Data(try await store.get(digest).copy)
    guard let document = try? JSONDecoder().decode(TrainingDocument.self, from: json), document.version == 1 else {
      throw RunFailure(
        kind: .invalid, reason: "The training document \(digest) can't be read by this version; update the trainer.")
    }
    do {
      try document.spec.check()
    } catch {
      throw RunFailure(kind: .invalid, reason: "\(error)")
    }
    return document
  }
}

/// What was chosen at a training's end, as a blob: the result of its selection.
public struct TrainingChoice: Hashable, Sendable, Codable {
  public struct Candidate: Hashable, Sendable, Codable {
    /// A configuration, or a pair of them, in nnU-Net's words.
    public var name: String
    /// Mean foreground Dice of the cross-validation, 0 to 1.
    public var dice: Double

    public init(name: String, dice: Double) {
      self.name = name
      self.dice = dice
    }
  }

  public var version = 1
  public var best: String
  public var candidates: [Candidate]
  /// What is registered, those that others go on from first; the members of a pair have names of their own.
  public var models: [ModelRecord]

  public init(best: String, candidates: [Candidate], models: [ModelRecord]) {
    self.best = best
    self.candidates = candidates
    self.models = models
  }

  public func encoded() throws -> Blob {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Blob(copying: try encoder.encode(self))
  }

  /// - Throws: `BlobStoreError`; `RunFailure` for a document that this version can't read.
  public static func get(_ digest: Digest, from store: any BlobStore) async throws -> TrainingChoice {
    let json = Data(try await store.get(digest).copy)
    guard let choice = try? JSONDecoder().decode(TrainingChoice.self, from: json), choice.version == 1 else {
      throw RunFailure(
        kind: .invalid, reason: "What a training chose (\(digest)) can't be read by this version; update the process.")
    }
    return choice
  }
}
