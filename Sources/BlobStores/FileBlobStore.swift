public import Digests
public import FleetContracts
internal import FleetMetrics
internal import Foundation
internal import Glibc
internal import Synchronization

/// Blobs as files in a folder, local or shared by machines: `root/ab/cd/abcd….` by the first digits of the digest.
///
/// A blob is written to `root/temporary`, synchronised with the disk and renamed into place, so other processes see it whole or
/// not at all, and it survives a loss of power once `put` has returned. Several writers of one blob don't disturb each other.
/// Reading maps the file and verifies its SHA-256; while a mapping is in use, further `get`s share it without reading again.
public final class FileBlobStore: BlobStore {
  let root: String
  private let mapped = LiveBlobs()

  /// Opens the store at the absolute path `root`; makes the folder when it is missing.
  /// - Throws: `BlobStoreError.unavailable` when the folder can't be made or written.
  public init(root: String) throws {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    try Files.makeFolders(temporaryFolder)
    try Files.checkWritable(temporaryFolder)
    removeForgottenTemporaries()
    IncomingFile.removeForgotten(in: temporaryFolder)
  }

  public func put(_ blob: Blob) async throws -> Digest {
    try await BlockingIO.run { [self] in
      let digest = blob.withBytes { Digest(of: $0) }
      // A blob that is there and whole needn't be written again; one that was damaged is replaced.
      // One that stays is as young as a new one: whoever has put it relies on it.
      if try existing(digest) == nil || !Files.touch(path(digest)) {
        try write(blob, as: digest)
        FleetMetrics.blobBytes.increment(by: Double(blob.count), "put", "file")
      }
      return digest
    }
  }

  public func put(pieces next: () async throws -> [UInt8]?) async throws -> StoredBlob {
    let file = try await BlockingIO.run { [self] in try IncomingFile(in: temporaryFolder) }
    do {
      var piece: [UInt8] = []
      while let bytes = try await next() {
        piece += bytes
        guard piece.count >= IncomingFile.pieceSize else { continue }
        let full = piece
        piece = []
        try await BlockingIO.run { try file.append(full) }
      }
      let last = piece
      return try await BlockingIO.run { [self] in
        try file.append(last)
        let blob = try file.finish()
        // As in `put(_:)`: what is there already becomes young again.
        if try existing(blob.digest) == nil || !Files.touch(path(blob.digest)) {
          try Files.makeFolders(folder(blob.digest))
          try Files.rename(file.path, to: path(blob.digest))
          try Files.synchronise(folder: folder(blob.digest))
          FleetMetrics.blobBytes.increment(by: Double(blob.count), "put", "file")
        }
        file.abandon()
        return blob
      }
    } catch {
      // Where the caller was cancelled, too: nothing stays that nobody waits for.
      try? await BlockingIO.run { file.abandon() }
      throw error
    }
  }

  public func get(_ digest: Digest) async throws -> Blob {
    try await BlockingIO.run { [self] in
      if try !Files.exists(path(digest)) {
        // It may be just coming back (`remove(_:unlessPutWithin:)`).
        usleep(Self.comingBack)
        guard try Files.exists(path(digest)) else { throw BlobStoreError.missing(digest) }
      }
      if let blob = mapped[digest] { return blob }
      guard let blob = try Files.map(path(digest)) else { throw BlobStoreError.missing(digest) }
      let found = Digest(verifying: blob)
      guard found == digest else { throw BlobStoreError.corrupt(digest, found: found) }
      FleetMetrics.blobBytes.increment(by: Double(blob.count), "get", "file")
      return mapped.share(blob, as: digest)
    }
  }

  public func contains(_ digest: Digest) async throws -> Bool {
    try await BlockingIO.run { [self] in try Files.exists(path(digest)) }
  }

  public func remove(_ digest: Digest) async throws {
    try await BlockingIO.run { [self] in try Files.remove(path(digest)) }
  }

  public func freeBytes() async throws -> Int? {
    try await BlockingIO.run { [self] in try Files.freeBytes(temporaryFolder) }
  }

  /// Microseconds; a blob that is nearly removed is away for less.
  private static let comingBack: UInt32 = 20_000

  var temporaryFolder: String { root + "/temporary" }

  private func folder(_ digest: Digest) -> String {
    let digits = digest.hexadecimal
    return "\(root)/\(digits.prefix(2))/\(digits.dropFirst(2).prefix(2))"
  }

  func path(_ digest: Digest) -> String { "\(folder(digest))/\(digest.hexadecimal)" }

  /// The stored file of `digest`, when it is there and whole.
  private func existing(_ digest: Digest) throws -> Blob? {
    guard let blob = try Files.map(path(digest)), Digest(verifying: blob) == digest else { return nil }
    return blob
  }

  private func write(_ blob: Blob, as digest: Digest) throws {
    let temporary = "\(temporaryFolder)/\(digest.hexadecimal)-\(UUID().uuidString)"
    do {
      try blob.withBytes { try Files.write($0, to: temporary) }
      try Files.makeFolders(folder(digest))
      try Files.rename(temporary, to: path(digest))
    } catch {
      try? Files.remove(temporary)
      throw error
    }
    try Files.synchronise(folder: folder(digest))
  }

  /// A writer that was killed leaves its temporary file; after a day nobody is writing it any more.
  private func removeForgottenTemporaries() {
    let manager = FileManager.default
    for name in (try? manager.contentsOfDirectory(atPath: temporaryFolder)) ?? [] {
      let file = "\(temporaryFolder)/\(name)"
      guard let written = try? manager.attributesOfItem(atPath: file)[.modificationDate] as? Date,
        written.timeIntervalSinceNow < -86_400
      else { continue }
      try? Files.remove(file)
    }
  }
}

/// Blobs that somebody holds at the moment, so that several readers share one verified mapping.
final class LiveBlobs: Sendable {
  private struct Reference { weak var blob: Blob? }
  private let references = Mutex<[Digest: Reference]>([:])

  subscript(digest: Digest) -> Blob? { references.withLock { $0[digest]?.blob } }

  /// Offers a verified blob to later readers; returns the one that another reader has offered before.
  func share(_ blob: Blob, as digest: Digest) -> Blob {
    references.withLock { references in
      if let earlier = references[digest]?.blob { return earlier }
      references[digest] = Reference(blob: blob)
      // Forget the dead ones now and then, so that the table stays as small as what is in use.
      if references.count.isMultiple(of: 64) { references = references.filter { $0.value.blob != nil } }
      return blob
    }
  }
}
