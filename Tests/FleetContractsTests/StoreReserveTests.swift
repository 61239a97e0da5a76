import Digests
import FleetContracts
import Testing

@Suite struct StoreReserveTests {
  private struct Store: BlobStore {
    var free: Int?
    func put(_ blob: Blob) async throws -> Digest { throw BlobStoreError.unavailable("a test") }
    func get(_ digest: Digest) async throws -> Blob { throw BlobStoreError.missing(digest) }
    func contains(_ digest: Digest) async throws -> Bool { false }
    func remove(_ digest: Digest) async throws {}
    func freeBytes() async throws -> Int? { free }
  }

  @Test func belowTheReserveNothingBegins() async throws {
    let reserve = StoreReserve(bytes: 1 << 30)
    try await reserve.check(Store(free: 1 << 30))
    try await reserve.check(Store(free: nil))
    try await StoreReserve(bytes: 0).check(Store(free: 0))
    await #expect(throws: StoreReserveError(free: 5 << 20, reserve: 1 << 30)) {
      try await reserve.check(Store(free: 5 << 20))
    }
  }
}
