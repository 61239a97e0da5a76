/// The bytes of a NIfTI header and their order, read and written field by field at the offsets of nifti1.h and nifti2.h.
struct HeaderBytes {
  var bytes: [UInt8]
  /// Whether the most significant byte comes first.
  var isBigEndian = false

  func integer<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
    bytes.withUnsafeBytes {
      let value = $0.loadUnaligned(fromByteOffset: offset, as: T.self)
      return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
    }
  }

  func float(at offset: Int) -> Double { Double(Float(bitPattern: integer(UInt32.self, at: offset))) }

  func double(at offset: Int) -> Double { Double(bitPattern: integer(UInt64.self, at: offset)) }

  mutating func set<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { source in
      bytes.replaceSubrange(offset..<offset + source.count, with: source)
    }
  }

  mutating func set(float value: Double, at offset: Int) { set(Float(value).bitPattern, at: offset) }

  mutating func set(double value: Double, at offset: Int) { set(value.bitPattern, at: offset) }
}
