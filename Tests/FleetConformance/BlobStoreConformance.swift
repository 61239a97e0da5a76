internal import Digests
public import FleetContracts
internal import Testing

/// What every `BlobStore` promises, as a list of laws. An implementation's tests run each of them on an empty store:
///
///     @Test(arguments: BlobStoreLaw.all) func law(_ law: BlobStoreLaw) async throws {
///       try await law.check { try FileBlobStore(root: folder) }
///     }
public struct BlobStoreLaw: Sendable, CustomStringConvertible {
  public let description: String
  private let body: @Sendable ([any BlobStore]) async throws -> Void

  private init(_ description: String, _ body: @escaping @Sendable ([any BlobStore]) async throws -> Void) {
    self.description = description
    self.body = body
  }

  /// - Parameter open: Opens one and the same store, as another process would; called twice.
  public func check(_ open: () async throws -> any BlobStore) async throws {
    try await body([try await open(), try await open()])
  }

  public static let all = [
    BlobStoreLaw("what was put is got, by its digest, from everywhere") { stores in
      let bytes = Array("The quick brown fox".utf8)
      let digest = try await stores[0].put(Blob(copying: bytes))
      #expect(digest == Digest(of: bytes))
      for store in stores { #expect(try await store.get(digest).copy == bytes) }
      for store in stores { #expect(try await store.contains(digest)) }
    },
    BlobStoreLaw("an empty blob is a blob") { stores in
      let digest = try await stores[0].put(Blob(copying: []))
      #expect(digest.hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
      #expect(try await stores[1].get(digest).copy.isEmpty)
    },
    BlobStoreLaw("blobs of every size around a page are kept whole") { stores in
      for count in [1, 4095, 4096, 4097, 65_536, 1_000_003] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let digest = try await stores[0].put(Blob(copying: bytes))
        #expect(try await stores[1].get(digest).copy == bytes)
      }
    },
    BlobStoreLaw("what arrives in pieces is one blob, whatever their sizes") { stores in
      for sizes in [[], [0], [1], [4096, 1, 0, 70_000], Array(repeating: 65_536, count: 33), [1_000_003]] {
        let bytes = (0..<sizes.reduce(0, +)).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 7) }
        var (rest, sizes) = (bytes[...], sizes[...])
        let stored = try await stores[0].put(pieces: {
          guard let size = sizes.popFirst() else { return nil }
          defer { rest = rest.dropFirst(size) }
          return Array(rest.prefix(size))
        })
        #expect(stored == StoredBlob(digest: Digest(of: bytes), count: bytes.count))
        #expect(try await stores[1].get(stored.digest).copy == bytes)
      }
    },
    BlobStoreLaw("of what breaks off, nothing is stored") { stores in
      struct BrokenOff: Error, Equatable {}
      var count = 0
      await #expect(throws: BrokenOff()) {
        _ = try await stores[0].put(pieces: {
          count += 1
          guard count < 20 else { throw BrokenOff() }
          return Array(repeating: 1, count: 100_000)
        })
      }
      let isThere = try await stores[0].contains(Digest(of: Array(repeating: 1, count: 1_900_000)))
      #expect(!isThere)
    },
    BlobStoreLaw("what was never put is missing") { stores in
      let digest = Digest(of: "never".utf8)
      let isThere = try await stores[0].contains(digest)
      #expect(!isThere)
      await #expect(throws: BlobStoreError.missing(digest)) { try await stores[0].get(digest) }
    },
    BlobStoreLaw("putting again is harmless") { stores in
      let bytes = Array("again".utf8)
      for store in stores + stores {
        let digest = try await store.put(Blob(copying: bytes))
        #expect(digest == Digest(of: bytes))
      }
      #expect(try await stores[0].get(Digest(of: bytes)).copy == bytes)
    },
    BlobStoreLaw("many writers of the same blobs at once don't disturb each other") { stores in
      try await withThrowingTaskGroup { group in
        for writer in 0..<16 {
          group.addTask {
            for index in 0..<4 {
              let bytes = Array(repeating: UInt8(index), count: 100_000)
              let digest = try await stores[writer % 2].put(Blob(copying: bytes))
              #expect(try await stores[(writer + 1) % 2].get(digest).copy == bytes)
            }
          }
        }
        try await group.waitForAll()
      }
    },
    BlobStoreLaw("what was removed is missing, and can be put again") { stores in
      let bytes = Array("removed".utf8)
      let digest = try await stores[0].put(Blob(copying: bytes))
      let held = try await stores[0].get(digest)
      try await stores[0].remove(digest)
      try await stores[0].remove(digest)
      for store in stores {
        #expect(try await store.contains(digest) == false)
        await #expect(throws: BlobStoreError.missing(digest)) { try await store.get(digest) }
      }
      #expect(held.copy == bytes, "a blob in hand stays whole")
      #expect(try await stores[1].put(Blob(copying: bytes)) == digest)
      #expect(try await stores[0].get(digest).copy == bytes)
    },
    BlobStoreLaw("a blob outlives the one who put it") { stores in
      let digest: Digest
      do {
        let blob = Blob(copying: Array(repeating: 7, count: 50_000))
        digest = try await stores[0].put(blob)
      }
      #expect(try await stores[0].get(digest).copy.allSatisfy { $0 == 7 })
    },
  ]
}
