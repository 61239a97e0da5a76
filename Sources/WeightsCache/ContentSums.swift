internal import Kernels

/// Sums over the pieces of a file's content that change with any damage to it.
///
/// Eight lanes take eight bytes each in turn: `h = (h ^ word) * odd; h ^= h >> 29`. Each step is a bijection of h for any word and of the
/// word for any h, so a change within one word always changes the sum; any other damage escapes with a chance of about 2^-64. It takes a
/// third of the time of SHA-256, and like any digest that lies in the file itself it is no defence against somebody who can write there.
enum ContentSums {
  /// Bytes of a piece.
  static let piece = 1 << 20

  private static let odd: UInt64 = 0x9E37_79B9_7F4A_7C15  // 2^64 over the golden ratio

  static func count(bytes: Int) -> Int { (bytes + piece - 1) / piece }

  /// The sum of each piece, in order.
  /// - Parameter pool: threads to do it with; the calling one alone when `nil`.
  static func of(_ bytes: UnsafeRawBufferPointer, pool: ComputePool? = nil) -> [UInt64] {
    let count = count(bytes: bytes.count)
    var sums = [UInt64](repeating: 0, count: count)
    sums.withUnsafeMutableBufferPointer { sums in
      let target = sums.baseAddress
      func add(_ index: Int) {
        let part = bytes[index * piece..<min((index + 1) * piece, bytes.count)]
        target?[index] = sum(UnsafeRawBufferPointer(rebasing: part))
      }
      if let pool {
        pool.forEach(count) { index, _ in add(index) }
      } else {
        for index in 0..<count { add(index) }
      }
    }
    return sums
  }

  static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var lanes = SIMD8<UInt64>(0, 1, 2, 3, 4, 5, 6, 7)
    let stride = MemoryLayout<SIMD8<UInt64>>.size
    var offset = 0
    while offset + stride <= bytes.count {
      mix(&lanes, bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self))
      offset += stride
    }
    if offset < bytes.count {
      var last = SIMD8<UInt64>()
      withUnsafeMutableBytes(of: &last) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset...])) }
      mix(&lanes, last)
    }
    var sum = UInt64(bytes.count)
    for lane in 0..<8 {
      sum = (sum ^ lanes[lane]) &* odd
      sum ^= sum &>> 29
    }
    return sum
  }

  @inline(__always)
  private static func mix(_ lanes: inout SIMD8<UInt64>, _ words: SIMD8<UInt64>) {
    lanes = (lanes ^ words) &* odd
    lanes ^= lanes &>> 29
  }
}
