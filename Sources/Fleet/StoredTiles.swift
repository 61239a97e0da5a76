internal import Digests
internal import FleetContracts
internal import SlidingWindow
internal import Volumes

/// The tiles of a pass, read from the blob store in plan order, one ahead of the stitcher.
///
/// A tile is verified once and stays mapped until its last plane was read; of the planes only those that are being read are in memory.
/// It blocks until a tile is there, so it belongs on a `BlockingThread`.
final class StoredTiles: TileSource {
  private let tiles: [Digest]
  private let store: any BlobStore
  private let classes: Int
  private let patch: Extent
  private let removesTiles: Bool
  private let sumsToOne: Bool
  private var ahead: (tile: Int, blob: Awaited<Blob>)?
  private var held: [Int: Blob] = [:]
  /// The tile that the stitcher reads.
  private var inReading: Blob?

  /// - Parameters:
  ///   - removesTiles: removes each tile from the store once it is read: for a store that serves one run only.
  ///   - sumsToOne: whether a voxel's classes add up to 1.
  init(
    _ tiles: [Digest], from store: any BlobStore, classes: Int, patch: Extent, removesTiles: Bool, sumsToOne: Bool
  ) {
    self.tiles = tiles
    self.store = store
    self.classes = classes
    self.patch = patch
    self.removesTiles = removesTiles
    self.sumsToOne = sumsToOne
  }

  func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) throws -> ChannelVolume {
    inReading?.unloadMapped()
    let blob = try held[tile.index] ?? fetch(tile.index)
    inReading = blob
    return try blob.volume(channels: classes, extent: patch)
  }

  func release(_ tile: TilePlan.Tile) {
    inReading = nil
    held[tile.index] = nil
  }

  /// Tiles are asked for the first time in ascending order.
  private func fetch(_ index: Int) throws -> Blob {
    let awaited = ahead.flatMap { $0.tile == index ? $0.blob : nil } ?? request(index)
    let blob = try checked(index) { try awaited.value() }
    held[index] = blob
    ahead = index + 1 < tiles.count ? (index + 1, request(index + 1)) : nil
    return blob
  }

  /// All tiles that are damaged, and why, read anew.
  func damages() throws -> [Int: TileDamage] {
    var damages: [Int: TileDamage] = [:]
    for index in tiles.indices {
      let (store, digest) = (store, tiles[index])
      do {
        let blob = try checked(index) { try Awaited { try await store.get(digest) }.value() }
        blob.unloadMapped()
      } catch let error as CorruptTile {
        damages[error.tile] = error.damage
      }
    }
    return damages
  }

  /// - Throws: `CorruptTile` when the blob is damaged, lost, or no probabilities.
  private func checked(_ index: Int, _ get: () throws -> Blob) throws -> Blob {
    do {
      let blob = try get()
      if let problem = ProbabilityCheck.problem(
        of: try blob.volume(channels: classes, extent: patch), sumsToOne: sumsToOne)
      {
        throw damaged(index, "The probabilities of tile \(index) are none: \(problem).", isOfStore: false)
      }
      return blob
    } catch let error as BlobStoreError {
      if case .unavailable = error { throw error }
      throw damaged(index, "The probabilities of tile \(index) are damaged or lost. \(error)", isOfStore: true)
    } catch let failure as RunFailure {
      throw damaged(index, failure.reason, isOfStore: false)
    }
  }

  private func damaged(_ tile: Int, _ reason: String, isOfStore: Bool) -> CorruptTile {
    CorruptTile(tile: tile, damage: TileDamage(reason: reason, isOfStore: isOfStore))
  }

  private func request(_ index: Int) -> Awaited<Blob> {
    let (store, digest) = (store, tiles[index])
    // Equal tiles share a blob: it may go only with the last of them.
    let isLast = removesTiles && !tiles[(index + 1)...].contains(digest)
    return Awaited {
      let blob = try await store.get(digest)
      if isLast { try await store.remove(digest) }
      return blob
    }
  }
}
