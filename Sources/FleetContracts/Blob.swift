/// Bytes in memory that are shared and not changed: what a `BlobStore` takes and gives.
///
/// The bytes are reached through `withBytes`, which keeps the blob alive: a pointer that outlives its blob points nowhere.
/// `@unchecked Sendable` is right because the bytes are never written after init, and freed with the last reference.
public final class Blob: @unchecked Sendable {
  private let bytes: UnsafeRawBufferPointer
  private let release: () -> Void

  /// A copy of `bytes`.
  public init(copying bytes: some Sequence<UInt8>) {
    let array = Array(bytes)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: array.count, alignment: 64)
    memory.copyBytes(from: array)
    self.bytes = UnsafeRawBufferPointer(memory)
    release = { memory.deallocate() }
  }

  /// Bytes that another owner keeps; `release` runs with the last reference to this blob.
  public init(bytes: UnsafeRawBufferPointer, release: @escaping () -> Void) {
    self.bytes = bytes
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

  /// A copy of the bytes.
  public var copy: [UInt8] { withBytes { Array($0) } }
}
