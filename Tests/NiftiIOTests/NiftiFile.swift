import Foundation

/// Writes NIfTI-1 and NIfTI-2 files byte by byte, so that tests can say anything, also what no library would write.
struct NiftiFile {
  var version = 1
  var isBigEndian = false
  var dim = [3, 4, 3, 2, 1, 1, 1, 1]
  var pixdim: [Double] = [1, 2, 3, 4, 0, 0, 0, 0]
  var datatype = 16
  var slope = 0.0
  var intercept = 0.0
  var units = 2
  var qformCode = 0
  var sformCode = 0
  var quaternion: [Double] = [0, 0, 0]
  var offset: [Double] = [0, 0, 0]
  var sform = [Double](repeating: 0, count: 12)
  /// Where the header says that voxels start; `nil` is right behind it.
  var voxelOffset: Double?
  var magic: String?
  var data = NiftiFile.bytes((0..<24).map { Float($0) })

  /// The elements' bytes, one after another.
  static func bytes<T>(_ values: [T], bigEndian: Bool = false) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value) { bigEndian ? $0.reversed() : Array($0) } }
  }

  var file: [UInt8] { header + data }

  private var header: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: version == 1 ? 352 : 544)
    func put<T>(_ value: T, _ offset: Int) {
      bytes.replaceSubrange(
        offset..<offset + MemoryLayout<T>.size, with: Self.bytes([value], bigEndian: isBigEndian))
    }
    func put(_ value: Double, _ first: Int, _ second: Int) {
      if version == 1 { put(Float(value), first) } else { put(value, second) }
    }
    put(Int32(bytes.count - 4), 0)
    for index in 0..<8 {
      if version == 1 {
        put(Int16(truncatingIfNeeded: dim[index]), 40 + 2 * index)
      } else {
        put(Int64(dim[index]), 16 + 8 * index)
      }
      put(pixdim[index], 76 + 4 * index, 104 + 8 * index)
    }
    put(Int16(datatype), version == 1 ? 70 : 12)
    put(slope, 112, 176)
    put(intercept, 116, 184)
    if version == 1 { bytes[123] = UInt8(units) } else { put(Int32(units), 500) }
    if version == 1 {
      put(Int16(qformCode), 252)
      put(Int16(sformCode), 254)
      put(Float(voxelOffset ?? 352), 108)
    } else {
      put(Int32(qformCode), 344)
      put(Int32(sformCode), 348)
      put(Int64(voxelOffset ?? 544), 168)
    }
    for index in 0..<3 {
      put(quaternion[index], 256 + 4 * index, 352 + 8 * index)
      put(offset[index], 268 + 4 * index, 376 + 8 * index)
    }
    for index in 0..<12 { put(sform[index], 280 + 4 * index, 400 + 8 * index) }
    let magic = Array((magic ?? (version == 1 ? "n+1" : "n+2")).utf8)
    bytes.replaceSubrange((version == 1 ? 344 : 4)..<(version == 1 ? 344 : 4) + magic.count, with: magic)
    return bytes
  }
}
