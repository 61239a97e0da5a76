/// The room that must stay free in the blob store: what is in work needs it to come to an end, so nothing new begins below it.
public struct StoreReserve: Hashable, Sendable {
  /// In bytes; 0 for none.
  public var bytes: Int

  public init(bytes: Int) { self.bytes = bytes }

  /// - Throws: `StoreReserveError` when less is free; nothing where a store doesn't know what is free.
  public func check(_ store: any BlobStore) async throws {
    guard bytes > 0, let free = try await store.freeBytes(), free < bytes else { return }
    throw StoreReserveError(free: free, reserve: bytes)
  }
}

/// Too little is free in the blob store.
public struct StoreReserveError: Error, Hashable, CustomStringConvertible {
  /// In bytes.
  public var free: Int
  public var reserve: Int

  public init(free: Int, reserve: Int) {
    self.free = free
    self.reserve = reserve
  }

  public var description: String {
    "The blob store has \(Self.mebibytes(free)) MiB free, less than its reserve of \(Self.mebibytes(reserve)) MiB, so no new study is begun; "
      + "free some room, or lower the setting store.reserve."
  }

  private static func mebibytes(_ bytes: Int) -> Int { bytes >> 20 }
}
