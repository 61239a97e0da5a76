internal import Digests
internal import FleetContracts

/// A store that reads from another and keeps nothing: what is put has a name, which is all that a comparison needs.
struct UnwritingStore: BlobStore {
  let store: any BlobStore

  func put(_ blob: Blob) async throws -> Digest { blob.withBytes { Digest(of: $0) } }
  func get(_ digest: Digest) async throws -> Blob { try await store.get(digest) }
  func contains(_ digest: Digest) async throws -> Bool { try await store.contains(digest) }
  func remove(_ digest: Digest) async throws {}
}
