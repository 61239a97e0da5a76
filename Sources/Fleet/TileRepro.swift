public import Digests
public import FleetContracts
internal import Foundation
internal import Inference
internal import ModelStore
internal import SlidingWindow
internal import ZipFiles

/// One dead tile with all that is needed to compute it, in one file: the patch that the network sees, the model's files, and the job.
///
/// The file is a zip of `repro.json` and of blobs under their digests. Whoever has it needs no server and sees nothing of the study but
/// the patch.
public struct TileRepro: Sendable, Codable {
  private static let description = "repro.json"
  private static let currentVersion = 1
  /// Bytes of `repro.json`.
  private static let largestDescription = 1 << 20

  public private(set) var version = Self.currentVersion
  /// The job that failed, as the fleet had it.
  public var job: TileJob
  /// The blob that says what to compute: the tile alone.
  public var document: Digest
  public var kind: FailureKind
  /// Why the tile is dead.
  public var reason: String
  public var worker: String?

  /// Gathers what a dead tile needs, and writes it.
  /// - Parameter path: a file there is replaced.
  /// - Throws: `BlobStoreError`, `RunFailure`, `ZipError`; `DeadLetterError` for a letter that is no tile.
  public static func write(_ letter: DeadLetter, from store: any BlobStore, to path: String) async throws {
    guard case .tile(let job, let kind) = letter.content else {
      throw DeadLetterError.notReplayable(letter.id, reason: "it is a message, not a tile.")
    }
    let (document, patch) = try await single(job, from: store)
    let encoded = try document.encoded()
    let scratch = try ScratchFolder()
    let repro = TileRepro(
      job: job, document: Digest(verifying: encoded), kind: kind, reason: letter.reason, worker: letter.worker)
    let writer = try ZipWriter(path: path)
    try writer.add(Self.description, Array(try JSONEncoder().encode(repro)))
    try add(encoded, to: writer, scratch)
    try add(patch, to: writer, scratch)
    let manifest = try await ModelLibrary.manifest(document.model, in: store)
    try add(try await store.get(document.model), to: writer, scratch)
    for digest in Set(manifest.files.map(\.sha256)) { try add(try await store.get(digest), to: writer, scratch) }
    try writer.finish()
  }

  /// Takes a file apart into `store`.
  /// - Throws: `ZipError`, `BlobStoreError`, `RunFailure` for a file that isn't one of ours or is damaged.
  public static func read(_ path: String, into store: any BlobStore) async throws -> TileRepro {
    let reader = try ZipReader(path: path)
    guard let entry = reader[Self.description] else { throw notOurs(path, "it has no \(Self.description)") }
    let repro: TileRepro
    do {
      repro = try JSONDecoder().decode(
        TileRepro.self, from: Data(try reader.read(entry, limit: Self.largestDescription)))
    } catch let error as DecodingError {
      throw notOurs(path, "its \(Self.description) can't be read (\(error.localizedDescription))")
    }
    guard repro.version == Self.currentVersion else {
      throw notOurs(path, "it has version \(repro.version), this program reads \(Self.currentVersion)")
    }
    let scratch = try ScratchFolder()
    for entry in reader.entries where entry.name != Self.description {
      guard let digest = Digest(hexadecimal: entry.name) else {
        throw notOurs(path, "it has an entry without a digest")
      }
      let file = scratch.url.appending(path: entry.name)
      try reader.extract(entry, to: file.path)
      guard try await store.put(Blob(mapping: file)) == digest else {
        throw notOurs(path, "the blob \(digest) in it is damaged")
      }
      try? FileManager.default.removeItem(at: file)
    }
    return repro
  }

  /// Computes the tile as a worker does.
  /// - Parameter slot: one whose store `read` has filled.
  /// - Throws: what a worker would have caught.
  public func predict(with slot: any TilePredicting) async throws -> ComputedTile {
    var alone = job
    alone.tile = 0
    alone.document = document
    return try await slot.predict(alone)
  }

  private static func notOurs(_ path: String, _ reason: String) -> RunFailure {
    RunFailure(
      kind: .invalid,
      reason: "\(path) is no file of `tessera dlq repro`: \(reason). Write it again from the dead letter.")
  }

  private static func single(
    _ job: TileJob, from store: any BlobStore
  ) async throws -> (document: PassDocument, patch: Blob) {
    let document = try await PassDocument.get(job.document, from: store)
    guard job.tile >= 0, job.tile < document.plan.tileCount else {
      throw RunFailure(
        kind: .invalid, reason: "The job names tile \(job.tile) of a pass with \(document.plan.tileCount) tiles.")
    }
    let volume = try await store.get(document.volume)
    guard let previous = document.previous else { return try single(job.tile, of: document, volume, previous: nil) }
    return try single(job.tile, of: document, volume, previous: try await store.get(previous.labels))
  }

  /// The pass with this tile alone: its volume is the patch, with the channels that a cascade adds.
  private static func single(
    _ tile: Int, of whole: PassDocument, _ volume: Blob, previous labels: Blob?
  ) throws -> (document: PassDocument, patch: Blob) {
    let plan = whole.plan
    var previous: PreviousLabels?
    if let labels, let stored = whole.previous {
      previous = PreviousLabels(labels: try labels.labels(extent: plan.volume), classes: stored.classes)
    }
    let extractor = try PatchExtractor(
      plan: plan, volume: try volume.volume(channels: whole.channels, extent: plan.volume), previous: previous)
    let patch = Blob(extractor.patch(plan.tile(tile)))
    var document = whole
    document.volume = Digest(verifying: patch)
    document.channels = extractor.channels
    document.previous = nil
    document.plan = try TilePlan(volume: plan.patch, patch: plan.patch, stepSize: plan.stepSize, window: plan.window)
    document.properties.resampledExtent = document.plan.volume
    return (document, patch)
  }

  private static func add(_ blob: Blob, to writer: ZipWriter, _ scratch: ScratchFolder) throws {
    let digest = Digest(verifying: blob)
    let file = scratch.url.appending(path: digest.hexadecimal)
    try blob.withBytes { try Data($0).write(to: file) }
    // Weights and voxels hardly shrink.
    try writer.add(digest.hexadecimal, fromFile: file.path, compression: .stored)
    try? FileManager.default.removeItem(at: file)
  }
}
