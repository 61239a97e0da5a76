internal import Volumes

/// A row's runs: label maps are made of long stretches of equal labels, which are compared eight voxels at a time.
enum LabelRuns {
  /// The end of the stretch of equal labels that begins at `start`: at most `end`.
  @inline(__always)
  static func endOfStretch(_ row: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
    let label = row[start]
    let eight = UInt64(label) &* 0x0101_0101_0101_0101
    var x = start + 1
    while x + 8 <= end {
      let word = UInt64(littleEndian: UnsafeRawPointer(row + x).loadUnaligned(as: UInt64.self))
      let difference = word ^ eight
      if difference != 0 { return x + difference.trailingZeroBitCount >> 3 }
      x += 8
    }
    while x < end, row[x] == label { x += 1 }
    return x
  }

  /// Calls `body` with each longest run `start..<end` of voxels whose label is flagged, in the order of `x`.
  /// - Parameter flags: 256 flags, one for each label.
  @inline(__always)
  static func forEach(
    _ row: UnsafePointer<UInt8>, from first: Int, to end: Int, flags: UnsafePointer<Bool>,
    _ body: (_ start: Int, _ end: Int) -> Void
  ) {
    var x = first
    while x < end {
      guard flags[Int(row[x])] else {
        x = endOfStretch(row, from: x, to: end)
        continue
      }
      let start = x
      repeat { x = endOfStretch(row, from: x, to: end) } while x < end && flags[Int(row[x])]
      body(start, x)
    }
  }
}

extension LabelVolume {
  /// The first voxel of a row.
  @inline(__always)
  func row(z: Int, y: Int) -> UnsafeMutablePointer<UInt8> {
    elements.baseAddress! + (z * extent.y + y) * extent.x
  }
}
