public import Digests
internal import Dispatch
public import FleetContracts
public import Foundation
internal import Synchronization

/// Blobs of one process: in memory up to a budget, beyond it in a temporary file that vanishes with the process.
///
/// Blobs in memory are the very ones that were put, never copied. Spilled blobs are mapped when they are asked for and verified
/// each time they are read anew; while a mapping is in use, further `get`s share it.
public final class InMemoryBlobStore: BlobStore {
  private let budget: Int
  private let spillFolder: URL
  private let contents = Mutex(Contents())
  private let queue = DispatchQueue(label: "tessera.blobs", attributes: .concurrent)

  private enum Place {
    case memory(Blob)
    case file(SpillFile.Extent)
  }

  private struct Contents {
    var places: [Digest: Place] = [:]
    /// Bytes of the blobs in memory.
    var used = 0
    var spill: SpillFile?
    var mapped: [Digest: WeakBlob] = [:]
  }

  private struct WeakBlob { weak var blob: Blob? }

  /// - Parameters:
  ///   - budget: Bytes of blobs that stay in memory.
  ///   - spillFolder: Where the temporary file is made, when it is needed.
  public init(budget: Int = .max, spillFolder: URL = FileManager.default.temporaryDirectory) {
    self.budget = budget
    self.spillFolder = spillFolder
  }

  /// Bytes in memory and in the temporary file: what a test or a report may want to know.
  public var usage: (memory: Int, spilled: Int) {
    contents.withLock { contents in
      let spilled = contents.places.values.reduce(0) {
        if case .file(let extent) = $1 { $0 + extent.count } else { $0 }
      }
      return (contents.used, spilled)
    }
  }

  public func put(_ blob: Blob) async throws -> Digest {
    try await offThePool { [self] in
      let digest = blob.withBytes { Digest(of: $0) }
      let spill: SpillFile? = try contents.withLock { contents in
        if contents.places[digest] != nil { return nil }
        if blob.count <= budget - contents.used {
          contents.places[digest] = .memory(blob)
          contents.used += blob.count
          return nil
        }
        if contents.spill == nil { contents.spill = try SpillFile(in: spillFolder.path) }
        return contents.spill
      }
      guard let spill else { return digest }
      // Outside of the lock: writing takes its time. When another task has put the same bytes meanwhile, one extent is dropped.
      let extent = try blob.withBytes { try spill.append($0) }
      contents.withLock { if $0.places[digest] == nil { $0.places[digest] = .file(extent) } }
      return digest
    }
  }

  public func get(_ digest: Digest) async throws -> Blob {
    let place: Place? = contents.withLock { contents in
      if case .file = contents.places[digest], let blob = contents.mapped[digest]?.blob { return .memory(blob) }
      return contents.places[digest]
    }
    switch place {
    case nil: throw BlobStoreError.missing(digest)
    case .memory(let blob): return blob
    case .file(let extent):
      return try await offThePool { [self] in
        let blob = try extent.map()
        let found = Digest(verifying: blob)
        guard found == digest else { throw BlobStoreError.corrupt(digest, found: found) }
        contents.withLock { $0.mapped[digest] = WeakBlob(blob: blob) }
        return blob
      }
    }
  }

  public func contains(_ digest: Digest) async throws -> Bool {
    contents.withLock { $0.places[digest] != nil }
  }

  public func remove(_ digest: Digest) async throws {
    contents.withLock { contents in
      let place = contents.places.removeValue(forKey: digest)
      if case .memory(let blob) = place { contents.used -= blob.count }
      contents.mapped[digest] = nil
    }
  }

  /// Digests and disk take too long for Swift's cooperative pool.
  private func offThePool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }
}
