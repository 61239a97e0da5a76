public import Digests

/// A blob of a store, as its inventory has it.
public struct InventoriedBlob: Hashable, Sendable {
  public var digest: Digest
  public var bytes: Int
  /// Since it was put last, by the store's own clock.
  public var age: Duration

  public init(digest: Digest, bytes: Int, age: Duration) {
    self.digest = digest
    self.bytes = bytes
    self.age = age
  }
}

/// A store that knows what it holds, and since when. Putting a blob that is there already makes it young again.
public protocol BlobInventory: BlobStore {
  /// All blobs, in no order.
  /// - Throws: `BlobStoreError.unavailable`.
  func inventory() async throws -> [InventoriedBlob]

  /// Removes a blob, unless it was put within the last `age`: whoever has put it since the inventory may rely on it.
  /// - Returns: whether it was removed.
  /// - Throws: `BlobStoreError.unavailable`.
  func remove(_ digest: Digest, unlessPutWithin age: Duration) async throws -> Bool
}
