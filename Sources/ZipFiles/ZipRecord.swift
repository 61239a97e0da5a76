/// An entry as a zip file describes it, before its content and in the directory (PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3).
struct ZipRecord {
  let name: String
  /// Where its local header begins.
  let offset: Int
  /// Bytes before compression.
  let size: Int
  let isDeflated: Bool
  var compressedSize = 0
  var checksum: UInt32 = 0

  init(name: String, offset: Int, size: Int, isDeflated: Bool) {
    self.name = name
    self.offset = offset
    self.size = size
    self.isDeflated = isDeflated
  }

  /// Above this, sizes are written with 64 bits. Deflate makes bytes that don't shrink a little larger, so it is less than 4 GiB.
  private static let largestShort = 0xF000_0000
  /// 1 January 1980, the earliest date that zip knows.
  private static let epochDate: UInt16 = 1 << 5 | 1
  /// Names are UTF-8.
  private static let flags: UInt16 = 1 << 11
  /// Unix's mode of a file that everyone may read and its owner may write.
  private static let plainFile: UInt32 = 0o100644
  /// The versions of the format that know deflate, and 64-bit sizes.
  private static let (deflateVersion, longVersion): (UInt16, UInt16) = (20, 45)
  private static let unix: UInt16 = 3 << 8

  private var hasLongSizes: Bool { size > Self.largestShort }
  private var hasLongOffset: Bool { offset > Self.largestShort }

  /// What stands before the content. Its length doesn't depend on what is only known afterwards.
  var localHeader: [UInt8] {
    var bytes = LittleEndianBytes(0x0403_4B50 as UInt32)
    appendFields(to: &bytes)
    var extra = LittleEndianBytes()
    if hasLongSizes {
      extra.append(1 as UInt16)
      extra.append(16 as UInt16)
      extra.append(UInt64(size))
      extra.append(UInt64(compressedSize))
    }
    bytes.append(UInt16(extra.bytes.count))
    return bytes.bytes + Array(name.utf8) + extra.bytes
  }

  var directoryEntry: [UInt8] {
    var bytes = LittleEndianBytes(0x0201_4B50 as UInt32)
    bytes.append(Self.unix | Self.longVersion)
    appendFields(to: &bytes)
    var long = LittleEndianBytes()
    if hasLongSizes {
      long.append(UInt64(size))
      long.append(UInt64(compressedSize))
    }
    if hasLongOffset { long.append(UInt64(offset)) }
    var extra = LittleEndianBytes()
    if !long.bytes.isEmpty {
      extra.append(1 as UInt16)
      extra.append(UInt16(long.bytes.count))
      extra.bytes += long.bytes
    }
    bytes.append(UInt16(extra.bytes.count))
    bytes.append(0 as UInt16)  // no remark
    bytes.append(0 as UInt16)  // on the first disk
    bytes.append(0 as UInt16)  // not text
    bytes.append(Self.plainFile << 16)
    bytes.append(hasLongOffset ? UInt32.max : UInt32(offset))
    return bytes.bytes + Array(name.utf8) + extra.bytes
  }

  private func appendFields(to bytes: inout LittleEndianBytes) {
    bytes.append(hasLongSizes || hasLongOffset ? Self.longVersion : Self.deflateVersion)
    bytes.append(Self.flags)
    bytes.append(UInt16(isDeflated ? 8 : 0))
    bytes.append(0 as UInt16)  // midnight
    bytes.append(Self.epochDate)
    bytes.append(checksum)
    bytes.append(hasLongSizes ? UInt32.max : UInt32(compressedSize))
    bytes.append(hasLongSizes ? UInt32.max : UInt32(size))
    bytes.append(UInt16(name.utf8.count))
  }

  /// What stands behind the directory.
  static func end(entries: Int, directory: Int, size: Int) -> [UInt8] {
    var bytes = LittleEndianBytes()
    if entries >= UInt16.max || directory > largestShort || size > largestShort {
      bytes.append(0x0606_4B50 as UInt32)
      bytes.append(44 as UInt64)  // bytes of this record behind this number
      bytes.append(unix | longVersion)
      bytes.append(longVersion)
      bytes.append(0 as UInt64)  // one disk
      for value in [entries, entries, size, directory] { bytes.append(UInt64(value)) }
      bytes.append(0x0706_4B50 as UInt32)
      bytes.append(0 as UInt32)
      bytes.append(UInt64(directory + size))
      bytes.append(1 as UInt32)
    }
    bytes.append(0x0605_4B50 as UInt32)
    bytes.append(0 as UInt32)  // one disk
    for _ in 0..<2 { bytes.append(UInt16(clamping: entries)) }
    bytes.append(size > largestShort ? UInt32.max : UInt32(size))
    bytes.append(directory > largestShort ? UInt32.max : UInt32(directory))
    bytes.append(0 as UInt16)  // no remark
    return bytes.bytes
  }
}

/// Numbers as zip has them.
private struct LittleEndianBytes {
  var bytes: [UInt8] = []

  init() {}

  init(_ signature: UInt32) { append(signature) }

  mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}
