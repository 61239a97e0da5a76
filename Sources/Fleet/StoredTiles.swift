internal import Digests
internal import FleetContracts
internal import SlidingWindow
internal import Volumes

/// The tiles of a pass, read from the blob store in plan order, one ahead of the stitcher.
///
/// It blocks until a tile is there, so it belongs on a `BlockingThread`.
final class StoredTiles: TileSource {
  private let tiles: [Digest]
  private let store: any BlobStore
  private let classes: Int
  private let patch: Extent
  private let removesTiles: Bool
  private var ahead: (tile: Int, blob: Awaited<Blob>)?

  /// - Parameter removesTiles: removes each tile from the store once it is read: for a store that serves one run only.
  init(_ tiles: [Digest], from store: any BlobStore, classes: Int, patch: Extent, removesTiles: Bool) {
    self.tiles = tiles
    self.store = store
    self.classes = classes
    self.patch = patch
    self.removesTiles = removesTiles
  }

  func probabilities(of tile: TilePlan.Tile) throws -> ChannelVolume {
    let awaited = ahead.flatMap { $0.tile == tile.index ? $0.blob : nil } ?? request(tile.index)
    let blob = try awaited.value()
    if tile.index + 1 < tiles.count { ahead = (tile.index + 1, request(tile.index + 1)) }
    return try blob.volume(channels: classes, extent: patch)
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
