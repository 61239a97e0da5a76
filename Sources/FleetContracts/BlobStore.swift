public import Digests

/// Where voxels and weights lie: bytes named by their SHA-256, written once, verified when read.
///
/// Putting the same bytes twice, also at once from several processes, is harmless. A blob is either whole or not there.
public protocol BlobStore: Sendable {
  /// Stores `blob` and returns its name. When it returns, the bytes outlive a crash of the process.
  /// - Throws: `BlobStoreError.unavailable`.
  func put(_ blob: Blob) async throws -> Digest

  /// Stores bytes that arrive piece by piece, as from a network, without ever holding all of them, and returns name and number of bytes.
  /// - Parameter next: the next piece, of any size; `nil` at the end. When it throws, nothing is stored and the error is thrown on.
  /// - Throws: what `next` throws, `BlobStoreError.unavailable`.
  func put(pieces next: () async throws -> [UInt8]?) async throws -> StoredBlob

  /// The bytes of `digest`.
  /// - Throws: `BlobStoreError.missing`, `.corrupt` (the bytes don't have that digest), `.unavailable`.
  func get(_ digest: Digest) async throws -> Blob

  /// Whether a blob of that name is there. It isn't read, so it isn't verified.
  func contains(_ digest: Digest) async throws -> Bool

  /// Removes a blob; nothing happens when it isn't there.
  func remove(_ digest: Digest) async throws

  /// Bytes that can still be stored; `nil` where a store can't tell.
  /// - Throws: `BlobStoreError.unavailable`.
  func freeBytes() async throws -> Int?
}

/// A blob that was stored piece by piece.
public struct StoredBlob: Hashable, Sendable {
  public var digest: Digest
  /// In bytes.
  public var count: Int

  public init(digest: Digest, count: Int) {
    self.digest = digest
    self.count = count
  }
}

extension BlobStore {
  /// For a store in memory, where the bytes end up anyhow.
  public func put(pieces next: () async throws -> [UInt8]?) async throws -> StoredBlob {
    var bytes: [UInt8] = []
    while let piece = try await next() { bytes += piece }
    return StoredBlob(digest: try await put(Blob(copying: bytes)), count: bytes.count)
  }

  public func freeBytes() async throws -> Int? { nil }
}

public enum BlobStoreError: Error, Hashable, CustomStringConvertible {
  case missing(Digest)
  case corrupt(Digest, found: Digest)
  case unavailable(String)

  public var description: String {
    switch self {
    case .missing(let digest):
      "The blob \(digest) isn't in the store; it was removed, or this process looks at another store than its writer."
    case .corrupt(let digest, let found):
      "The blob \(digest) is damaged: its bytes have the digest \(found). Remove it from the store and run the study again."
    case .unavailable(let reason): "The blob store can't be used: \(reason)"
    }
  }
}
