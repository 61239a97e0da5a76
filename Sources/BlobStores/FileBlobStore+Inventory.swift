public import Digests
public import FleetContracts
internal import Foundation

/// A blob's age is that of its file, which `put` makes anew or touches. It is measured by the clock of the file system, which may be another
/// machine's: a file that has just been written tells what that clock shows.
extension FileBlobStore: BlobInventory {
  public func inventory() async throws -> [InventoriedBlob] {
    try await BlockingIO.run { [self] in
      try finishRemovals()
      let now = try clock()
      var blobs: [InventoriedBlob] = []
      for outer in try Files.names(in: root) where outer.count == 2 {
        for inner in try Files.names(in: "\(root)/\(outer)") where inner.count == 2 {
          for name in try Files.names(in: "\(root)/\(outer)/\(inner)") {
            // What else lies there isn't ours.
            guard name.hasPrefix(outer + inner), let digest = Digest(hexadecimal: name),
              let file = try Files.facts(path(digest))
            else { continue }
            blobs.append(InventoriedBlob(digest: digest, bytes: file.bytes, age: max(.zero, now - file.changedAt)))
          }
        }
      }
      return blobs
    }
  }

  public func remove(_ digest: Digest, unlessPutWithin age: Duration) async throws -> Bool {
    try await BlockingIO.run { [self] in
      let oldest = try clock() - age
      guard let file = try Files.facts(path(digest)), file.changedAt <= oldest else { return false }
      // First out of everybody's way, then looked at once more: who has put it before, by touching the file, gets it back; who puts it
      // from now on writes a file of its own.
      let taken = "\(temporaryFolder)/\(Self.removing)\(digest.hexadecimal)-\(UUID().uuidString)"
      try Files.rename(path(digest), to: taken)
      return try finish(removal: taken, of: digest, notAfter: oldest)
    }
  }

  private static let removing = "removing-"
  /// What the readiness of processes or a crash leaves half removed, is older than this when it was to be removed.
  private static let surelyOld = Duration.seconds(600)

  private func finish(removal taken: String, of digest: Digest, notAfter oldest: Duration) throws -> Bool {
    guard let file = try Files.facts(taken) else { return false }
    if file.changedAt > oldest {
      // The same bytes, whoever's file is there then.
      try Files.rename(taken, to: path(digest))
      return false
    }
    try Files.remove(taken)
    return true
  }

  /// Of removals that were killed half-way.
  private func finishRemovals() throws {
    for name in try Files.names(in: temporaryFolder) where name.hasPrefix(Self.removing) {
      guard let digest = Digest(hexadecimal: String(name.dropFirst(Self.removing.count).prefix(64))) else { continue }
      let now = try clock()
      _ = try finish(removal: "\(temporaryFolder)/\(name)", of: digest, notAfter: now - Self.surelyOld)
    }
  }

  /// The time since 1970 that the file system gives to a file now.
  private func clock() throws -> Duration {
    let probe = "\(temporaryFolder)/clock-\(UUID().uuidString)"
    try Files.write(UnsafeRawBufferPointer(start: nil, count: 0), to: probe)
    defer { try? Files.remove(probe) }
    guard let file = try Files.facts(probe) else {
      throw BlobStoreError.unavailable("\(probe) was written and is gone; is another process emptying the store?")
    }
    return file.changedAt
  }
}
