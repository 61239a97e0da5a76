public import Digests

/// Where voxels and weights lie: bytes named by their SHA-256, written once, verified when read.
///
/// Putting the same bytes twice, also at once from several processes, is harmless. A blob is either whole or not there.
public protocol BlobStore: Sendable {
  /// Stores `blob` and returns its name. When it returns, the bytes outlive a crash of the process.
  /// - Throws: `BlobStoreError.unavailable`.
  func put(_ blob: Blob) async throws -> Digest

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

extension BlobStore {
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
