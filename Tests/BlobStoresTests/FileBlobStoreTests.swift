import BlobStores
import Digests
import FleetConformance
import FleetContracts
import Foundation
import Testing
import Testkit

@Suite struct FileBlobStoreTests {
  private let folder: TemporaryFolder
  private let root: String

  init() throws {
    folder = try TemporaryFolder()
    root = folder.url.appending(path: "store").path
  }

  @Test(arguments: BlobStoreLaw.all)
  func law(_ law: BlobStoreLaw) async throws {
    try await law.check { try FileBlobStore(root: root) }
  }

  private func file(_ name: String) -> String { "\(root)/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)" }

  @Test func aBlobIsAReadOnlyFileNamedByItsDigest() async throws {
    let digest = try await FileBlobStore(root: root).put(Blob(copying: Array("abc".utf8)))
    let path = file("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(digest.hexadecimal == URL(filePath: path).lastPathComponent)
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("abc".utf8))
    let mode = try #require(
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)
    #expect(mode.intValue & 0o222 == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/temporary") == [])
  }

  @Test func theFreeSpaceIsThatOfItsFileSystem() async throws {
    let free = try #require(try await FileBlobStore(root: root).freeBytes())
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: root)
    let expected = try #require(attributes[.systemFreeSize] as? NSNumber).doubleValue
    // Others write to the disk meanwhile.
    let tolerance: Double = max(expected / 10, 1_073_741_824)
    #expect(abs(Double(free) - expected) < tolerance)
  }

  /// A killed process leaves its unfinished file without a lock; one that is just receiving has the lock.
  @Test func whoOpensTheStoreRemovesWhatWasForgottenAndNothingElse() async throws {
    let store = try FileBlobStore(root: root)
    let temporary = "\(root)/temporary"
    let forgotten = "\(temporary)/incoming-\(UUID().uuidString)"
    try Data("half".utf8).write(to: URL(filePath: forgotten))
    var isFirst = true
    let stored = try await store.put(pieces: { [root] in
      guard isFirst else { return nil }
      isFirst = false
      _ = try FileBlobStore(root: root)
      let left = try FileManager.default.contentsOfDirectory(atPath: temporary)
      #expect(left.count == 1 && !forgotten.hasSuffix(left.first ?? ""))
      return Array("whole".utf8)
    })
    #expect(try await store.get(stored.digest).copy == Array("whole".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
  }

  @Test func damagedBytesAreReported() async throws {
    let store = try FileBlobStore(root: root)
    let digest = try await store.put(Blob(copying: Array("voxels".utf8)))
    try replace(digest.hexadecimal, with: "voxelz")
    await #expect(throws: BlobStoreError.corrupt(digest, found: Digest(of: "voxelz".utf8))) {
      try await store.get(digest)
    }
    try replace(digest.hexadecimal, with: "vox")
    await #expect(throws: BlobStoreError.corrupt(digest, found: Digest(of: "vox".utf8))) { try await store.get(digest) }
  }

  @Test func puttingReplacesADamagedBlob() async throws {
    let store = try FileBlobStore(root: root)
    let digest = try await store.put(Blob(copying: Array("voxels".utf8)))
    try replace(digest.hexadecimal, with: "voxelz")
    #expect(try await store.put(Blob(copying: Array("voxels".utf8))) == digest)
    #expect(try await store.get(digest).copy == Array("voxels".utf8))
  }

  private func replace(_ name: String, with text: String) throws {
    try FileManager.default.removeItem(atPath: file(name))
    try Data(text.utf8).write(to: URL(filePath: file(name)))
  }

  @Test func readersShareAVerifiedMapping() async throws {
    let store = try FileBlobStore(root: root)
    let digest = try await store.put(Blob(copying: Array("voxels".utf8)))
    let first = try await store.get(digest)
    #expect(try await store.get(digest) === first)
  }

  @Test func forgottenTemporaryFilesAreRemovedAfterADay() async throws {
    _ = try FileBlobStore(root: root)
    let old = "\(root)/temporary/old"
    let young = "\(root)/temporary/young"
    for path in [old, young] { try Data([1]).write(to: URL(filePath: path)) }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: old)
    _ = try FileBlobStore(root: root)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/temporary") == ["young"])
  }

  @Test func aFileInPlaceOfTheFolderIsAClearError() throws {
    try Data().write(to: URL(filePath: root))
    #expect {
      try FileBlobStore(root: root)
    } throws: {
      "\($0)".contains(root) && "\($0)".contains("Not a directory")
    }
  }

  @Test func aBlobThatCantBeStoredIsAClearErrorAndLeavesNothing() async throws {
    let store = try FileBlobStore(root: root)
    let bytes = Array(repeating: UInt8(1), count: 10_000)
    let digits = Digest(of: bytes).hexadecimal
    try Data().write(to: URL(filePath: "\(root)/\(digits.prefix(2))"))  // where the blob's folder should be
    await #expect {
      try await store.put(Blob(copying: bytes))
    } throws: {
      guard case BlobStoreError.unavailable(let reason) = $0 else { return false }
      return reason.contains("\(root)/\(digits.prefix(2))")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/temporary") == [])
  }

  // MARK: Inventory

  private func age(_ name: String, by seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: file(name))
  }

  @Test func theInventoryHasEachBlobWithItsSizeAndAgeAndNothingElse() async throws {
    let store = try FileBlobStore(root: root)
    let old = try await store.put(Blob(copying: Array("old".utf8)))
    let young = try await store.put(Blob(copying: Array("younger".utf8)))
    try age(old.hexadecimal, by: 3600)
    try Data("note".utf8).write(to: URL(filePath: "\(root)/README"))
    try Data("note".utf8).write(
      to: URL(filePath: file(old.hexadecimal)).deletingLastPathComponent().appending(path: "x"))
    let blobs = try await store.inventory().sorted { $0.bytes < $1.bytes }
    #expect(blobs.map(\.digest) == [old, young] && blobs.map(\.bytes) == [3, 7])
    #expect(blobs[0].age > .seconds(3590) && blobs[0].age < .seconds(3700) && blobs[1].age < .seconds(60))
  }

  @Test func aBlobThatWasPutAgainMeanwhileStays() async throws {
    let store = try FileBlobStore(root: root)
    let blob = Blob(copying: Array("voxels".utf8))
    let digest = try await store.put(blob)
    try age(digest.hexadecimal, by: 3600)
    #expect(try await store.put(blob) == digest)
    #expect(try await !store.remove(digest, unlessPutWithin: .seconds(60)))
    #expect(try await store.contains(digest))
    try age(digest.hexadecimal, by: 3600)
    #expect(try await store.remove(digest, unlessPutWithin: .seconds(60)))
    #expect(try await !store.contains(digest))
    #expect(try await !store.remove(digest, unlessPutWithin: .seconds(60)))
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/temporary") == [])
  }

  /// Writers that put a blob and rely on it, a cleaner that removes whatever is older than now: nobody may miss what it has just put.
  @Test func nobodyMissesWhatItHasPutWhileACleanerRemoves() async throws {
    let store = try FileBlobStore(root: root)
    let blob = Blob(copying: Array("voxels".utf8))
    let digest = try await store.put(blob)
    let cleaner = Task {
      var removed = 0
      while !Task.isCancelled {
        if try await store.remove(digest, unlessPutWithin: .seconds(2)) { removed += 1 }
      }
      return removed
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for turn in 0..<8 {
            _ = try await store.put(blob)
            // Reading must work at once; the blob ages towards its removal meanwhile, as long as the other writers let it.
            _ = try await store.get(digest)
            try await Task.sleep(for: .milliseconds(turn.isMultiple(of: 4) ? 2200 : 10 * writer))
          }
        }
      }
      try await group.waitForAll()
    }
    try await Task.sleep(for: .seconds(3))
    cleaner.cancel()
    #expect(try await cleaner.value >= 1)
    #expect(try await !store.contains(digest))
  }

  @Test func aRemovalThatWasKilledIsFinished() async throws {
    let store = try FileBlobStore(root: root)
    let (old, young) = (try await store.put(Blob(copying: [1])), try await store.put(Blob(copying: [2])))
    try age(old.hexadecimal, by: 3600)
    for digest in [old, young] {
      try FileManager.default.moveItem(
        atPath: file(digest.hexadecimal),
        toPath: "\(root)/temporary/removing-\(digest.hexadecimal)-\(UUID().uuidString)")
    }
    #expect(try await store.inventory().map(\.digest) == [young])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/temporary") == [])
  }
}
