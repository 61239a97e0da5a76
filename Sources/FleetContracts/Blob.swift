public import Digests

/// Bytes in memory that are shared and not changed: what a `BlobStore` takes and gives.
///
/// The bytes are reached through `withBytes`, which keeps the blob alive: a pointer that outlives its blob points nowhere.
/// `@unchecked Sendable` is right because the bytes are never written after init, and freed with the last reference.
public final class Blob: @unchecked Sendable {
  private let bytes: UnsafeRawBufferPointer
  private let unload: (() -> Void)?
  private let release: () -> Void

  /// A copy of `bytes`.
  public init(copying bytes: some Sequence<UInt8>) {
    let array = Array(bytes)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: array.count, alignment: 64)
    memory.copyBytes(from: array)
    self.bytes = UnsafeRawBufferPointer(memory)
    unload = nil
    release = { memory.deallocate() }
  }

  /// Bytes that another owner keeps; `release` runs with the last reference to this blob.
  /// - Parameter unload: for a mapped file, takes the bytes out of memory until they are read again.
  public init(bytes: UnsafeRawBufferPointer, unload: (() -> Void)? = nil, release: @escaping () -> Void) {
    self.bytes = bytes
    self.unload = unload
    self.release = release
  }

  /// Bytes inside memory that `owner` keeps alive.
  public convenience init(bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    self.init(bytes: bytes, release: { withExtendedLifetime(owner) {} })
  }

  deinit { release() }

  /// How many bytes there are.
  public var count: Int { bytes.count }

  /// Calls `body` with the bytes; the pointer is valid during the call, or for as long as somebody holds this blob.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  /// Gives a mapped file's memory back: whoever reads the bytes again gets them from the file. Blobs in memory stay there.
  public func unloadMapped() { unload?() }

  /// A copy of the bytes.
  public var copy: [UInt8] { withBytes { Array($0) } }
}

extension Digest {
  /// The digest of a blob, computed piece by piece, so that verifying a mapped file doesn't bring all of it into memory.
  public init(verifying blob: Blob) {
    let piece = 8 << 20
    var hasher = DigestHasher()
    blob.withBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: piece) {
        hasher.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + piece, bytes.count)]))
        blob.unloadMapped()
      }
    }
    self = hasher.finalize()
  }
}
