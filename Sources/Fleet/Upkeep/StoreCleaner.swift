internal import Digests
public import FleetContracts
internal import ModelStore

/// Removes from a store what no run and no model needs, while a fleet works.
///
/// What is needed is marked from the ledger, and what isn't marked is removed. Three things make it safe beside writers:
///
/// - Whoever puts a blob tells the ledger of it within the grace time, so what is younger isn't looked at. Putting a blob that is there
///   already makes it young again (`BlobInventory`).
/// - A worker's result may wait at the broker for longer than that. So nothing is removed that was put after the submission of the oldest run
///   that isn't over: whatever belongs to a run and isn't its input, was put since.
/// - The inventory is taken before the marks. What is put after it is young, and removing looks at the age once more.
///
/// A training's folder whose manifest is gone names nothing any more: nobody can read its files by it, so it keeps none, and doesn't keep the
/// store from being cleaned.
public struct StoreCleaner: Sendable {
  private let ledger: any BlobRetention
  private let store: any BlobInventory

  public init(ledger: any BlobRetention, store: any BlobInventory) {
    self.ledger = ledger
    self.store = store
  }

  /// - Parameters:
  ///   - keepingTiles: for how long a run that is over keeps what its results were made from; `nil` for good.
  ///   - grace: blobs that were put within this time stay.
  ///   - deletes: trims and removes; otherwise only tells what would be.
  ///   - operator: who does it, for the ledger.
  ///   - progress: called with what is being done.
  /// - Throws: `BlobStoreError`, `RunFailure` when a pass document or manifest can't be read, or when the store has nothing of what the ledger
  ///   needs, as it is another's then: nothing is removed.
  public func clean(
    keepingTiles: Duration?, grace: Duration, deletes: Bool, by operator: String,
    progress: (String) -> Void = { _ in }
  ) async throws -> CleaningReport {
    progress("runs")
    var trimmable: [RunID] = []
    if let keepingTiles { trimmable = try await ledger.trimmableRuns(overFor: keepingTiles) }
    if deletes { trimmable = try await ledger.trim(trimmable, by: `operator`) }
    progress("inventory")
    let inventory = try await store.inventory()
    progress("what is needed")
    let needed = try await ledger.neededBlobs(imaginingTrimmed: deletes ? [] : Set(trimmable))
    let (named, missing) = try await inside(needed)
    let marked = needed.blobs.union(named)
    if let folder = missing.first, !inventory.contains(where: { marked.contains($0.digest) }) {
      throw BlobStoreError.missing(folder)
    }
    let limit = max(grace, needed.oldestOpenRun ?? .zero)

    var report = CleaningReport(
      trimmedRuns: trimmable, missingFolders: missing, grace: limit / .seconds(1), deletes: deletes)
    for (index, blob) in inventory.enumerated() {
      if index.isMultiple(of: 1000) { progress("blob \(index) of \(inventory.count)") }
      report.stored.add(blob)
      if marked.contains(blob.digest) {
        report.needed.add(blob)
      } else if blob.age <= limit {
        report.young.add(blob)
      } else {
        report.unneeded.add(blob)
        guard deletes, try await store.remove(blob.digest, unlessPutWithin: limit) else { continue }
        report.removed.add(blob)
      }
    }
    return report
  }

  /// What pass documents and manifests name, and folders that are missing. One loop, as the optimiser of Swift 6.3.1 fails on two with calls
  /// that suspend.
  private func inside(_ needed: NeededBlobs) async throws -> (blobs: Set<Digest>, missing: [Digest]) {
    var (blobs, missing): (Set<Digest>, [Digest]) = ([], [])
    for source in NamingBlob.all(of: needed) {
      do {
        blobs.formUnion(try await source.names(in: store))
      } catch let error as MissingFolder {
        missing.append(error.manifest)
      }
    }
    return (blobs, missing)
  }
}

/// A training's folder that isn't in the store.
struct MissingFolder: Error {
  let manifest: Digest
}

/// A blob that names others.
enum NamingBlob {
  case document(Digest)
  case manifest(Digest)
  case folder(Digest)

  static func all(of needed: NeededBlobs) -> [NamingBlob] {
    needed.documents.map(NamingBlob.document) + needed.manifests.map(NamingBlob.manifest)
      + needed.folders.map(NamingBlob.folder)
  }

  /// - Throws: `MissingFolder`; `BlobStoreError`, `RunFailure` for what can't be read, and for a pass document or a model that isn't there:
  ///   those are put before the ledger hears of them, and stay, so the store is damaged or another's.
  func names(in store: any BlobStore) async throws -> [Digest] {
    switch self {
    case .document(let digest):
      let document = try await PassDocument.get(digest, from: store)
      return [document.volume] + (document.previous.map { [$0.labels] } ?? [])
    case .folder(let digest):
      do {
        return try await FolderManifest.get(digest, from: store).files.map(\.sha256)
      } catch BlobStoreError.missing {
        throw MissingFolder(manifest: digest)
      }
    case .manifest(let digest): return try await ModelLibrary.manifest(digest, in: store).files.map(\.sha256)
    }
  }
}
