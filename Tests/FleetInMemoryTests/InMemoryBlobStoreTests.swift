import FleetConformance
import FleetContracts
import FleetInMemory
import Foundation
import Testing
import Testkit

@Suite struct InMemoryBlobStoreTests {
  @Test(arguments: BlobStoreLaw.all)
  func lawInMemory(_ law: BlobStoreLaw) async throws {
    let store = InMemoryBlobStore()
    try await law.check { store }
  }

  @Test(arguments: BlobStoreLaw.all)
  func lawBeyondTheBudget(_ law: BlobStoreLaw) async throws {
    let store = InMemoryBlobStore(budget: 0)
    try await law.check { store }
  }

  private func blob(_ number: Int, count: Int = 10_000) -> Blob {
    Blob(copying: Array(repeating: UInt8(number), count: count))
  }

  @Test func blobsBeyondTheBudgetAreSpilledToANamelessFile() async throws {
    let folder = try TemporaryFolder()
    let store = InMemoryBlobStore(budget: 25_000, spillFolder: folder.url)
    for number in 0..<5 { _ = try await store.put(blob(number)) }
    #expect(store.usage == (memory: 20_000, spilled: 30_000))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    for number in 0..<5 {
      let digest = try await store.put(blob(number))
      #expect(try await store.get(digest).copy.allSatisfy { $0 == UInt8(number) })
    }
    #expect(store.usage == (memory: 20_000, spilled: 30_000))
  }

  @Test func removedBlobsMakeRoomInTheBudget() async throws {
    let store = InMemoryBlobStore(budget: 10_000)
    let first = try await store.put(blob(1))
    try await store.remove(first)
    _ = try await store.put(blob(2))
    #expect(store.usage == (memory: 10_000, spilled: 0))
  }

  @Test func spilledSpaceIsUsedAgainOnlyWhenNobodyReadsIt() async throws {
    let store = InMemoryBlobStore(budget: 0)
    let first = try await store.put(blob(1))
    let held = try await store.get(first)
    try await store.remove(first)
    for number in 2..<6 {
      let digest = try await store.put(blob(number))
      #expect(held.copy.allSatisfy { $0 == 1 })
      try await store.remove(digest)
    }
  }

  @Test func readersShareAMapping() async throws {
    let store = InMemoryBlobStore(budget: 0)
    let digest = try await store.put(blob(1))
    let first = try await store.get(digest)
    #expect(try await store.get(digest) === first)
  }

  @Test func blobsInMemoryAreNotCopied() async throws {
    let store = InMemoryBlobStore()
    let blob = blob(1)
    let digest = try await store.put(blob)
    #expect(try await store.get(digest) === blob)
  }

  @Test func anUnusableSpillFolderIsAClearError() async throws {
    let store = InMemoryBlobStore(budget: 0, spillFolder: URL(filePath: "/nowhere/at/all"))
    await #expect {
      try await store.put(blob(1))
    } throws: {
      "\($0)".contains("/nowhere/at/all") && "\($0)".contains("No such file")
    }
  }
}
