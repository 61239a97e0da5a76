/// The pickle's bytes and the place of the next one. Every length is held against the bytes that are left before anything is
/// allocated for it.
struct PickleInput {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var available: Int { bytes.count - offset }

  mutating func byte() throws(PickleError) -> UInt8 {
    guard offset < bytes.count else { throw .truncated(offset: offset, needed: 1, available: 0) }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// The next `count` bytes, in place.
  mutating func take(_ count: UInt64) throws(PickleError) -> UnsafeRawBufferPointer {
    guard count <= UInt64(available) else {
      throw .truncated(offset: offset, needed: count, available: available)
    }
    let end = offset + Int(count)
    defer { offset = end }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
  }

  /// A little-endian unsigned integer of `size` bytes, 1 to 8.
  mutating func unsigned(_ size: Int) throws(PickleError) -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in try take(UInt64(size)).enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
    return value
  }

  /// The bytes up to the next line feed, which is skipped.
  mutating func line() throws(PickleError) -> UnsafeRawBufferPointer {
    guard let end = bytes[offset...].firstIndex(of: 10) else {
      throw .truncated(offset: offset, needed: UInt64(available) + 1, available: available)
    }
    defer { offset = end + 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
  }
}
