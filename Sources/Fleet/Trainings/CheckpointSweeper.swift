internal import Digests
public import FleetContracts
public import Logging

/// Removes checkpoints that later ones have replaced: a training of a thousand epochs would fill any store.
///
/// Trainings with one seed have blobs in common, and so may a checkpoint and a finished fold; so only what no folder or model names that is
/// still needed is removed, and nothing that was put again meanwhile. A needed folder whose manifest is gone keeps nothing: nobody can read it.
public actor CheckpointSweeper {
  static let interval = Duration.seconds(60)
  /// A checkpoint that was replaced stays for so long, for whoever has begun to read it.
  public static let grace = Duration.seconds(900)
  /// Checkpoints looked at in one turn.
  private static let atOnce = 64

  private let ledger: any Ledger
  private let store: any BlobInventory
  private let grace: Duration
  private let logger: Logger
  /// Missing folders that the log has been told of.
  private var told: Set<Digest> = []

  public init(
    ledger: any Ledger, store: any BlobInventory, grace: Duration = CheckpointSweeper.grace, logger: Logger
  ) {
    self.ledger = ledger
    self.store = store
    self.grace = grace
    self.logger = logger
  }

  /// - Returns: whether there may be more to do.
  func sweep() async throws -> Bool {
    let old = try await ledger.supersededCheckpoints(olderThan: grace, limit: Self.atOnce)
    guard !old.isEmpty else { return false }
    var candidates: Set<Digest> = []
    for checkpoint in old {
      // One whose manifest is gone was removed by a sweep that didn't come to its end.
      let files = (try? await FolderManifest.get(checkpoint.checkpoint, from: store))?.files ?? []
      candidates.formUnion(files.map(\.sha256) + [checkpoint.checkpoint])
    }
    let needed = try await ledger.neededBlobs(imaginingTrimmed: [])
    candidates.subtract(needed.blobs)
    var missing: Set<Digest> = []
    // Pass documents name volumes and label maps, which are never a checkpoint's.
    for source in needed.manifests.map(NamingBlob.manifest) + needed.folders.map(NamingBlob.folder)
    where !candidates.isEmpty {
      do {
        candidates.subtract(try await source.names(in: store))
      } catch let error as MissingFolder {
        missing.insert(error.manifest)
      }
    }
    let news = missing.subtracting(told)
    if !news.isEmpty {
      told.formUnion(news)
      logger.warning(
        "folders that trainings go on from aren't in the store",
        metadata: ["folders": "\(news.map(\.hexadecimal).sorted())"])
    }
    var removed = 0
    for digest in candidates where try await store.remove(digest, unlessPutWithin: grace) { removed += 1 }
    try await ledger.noteRemoved(old)
    logger.info("replaced checkpoints removed", metadata: ["checkpoints": "\(old.count)", "blobs": "\(removed)"])
    return old.count == Self.atOnce
  }
}
