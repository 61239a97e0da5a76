/// The sum of float32 values as NumPy forms it (`add.reduce` of a contiguous array, `pairwise_sum` in loops_utils.h.src): to the last bit.
///
/// The values are halved again and again, at multiples of 8; pieces of at most 128 are added in eight interleaved sums. So rounding
/// errors grow with the logarithm of the number of values.
enum PairwiseSum {
  /// The most values that are added without halving.
  static let blockLength = 128
  /// Sums that grow side by side within a block.
  private static let lanes = 8

  /// - Parameters:
  ///   - count: how many values there are.
  ///   - next: fills the whole buffer, of at most `blockLength` elements, with the next values.
  static func sum(count: Int, next: (UnsafeMutableBufferPointer<Float>) -> Void) -> Float {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blockLength) { piece(count, block: $0, next: next) }
  }

  private static func piece(
    _ count: Int, block: UnsafeMutableBufferPointer<Float>, next: (UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Float {
    guard count <= blockLength else {
      let first = count / 2 - (count / 2) % lanes
      let left = piece(first, block: block, next: next)
      return left + piece(count - first, block: block, next: next)
    }
    let values = UnsafeMutableBufferPointer(rebasing: block[..<count])
    next(values)
    guard count >= lanes else { return values.reduce(0, +) }
    var sums = SIMD8<Float>()
    for lane in 0..<lanes { sums[lane] = values[lane] }
    let whole = count - count % lanes
    for start in stride(from: lanes, to: whole, by: lanes) {
      for lane in 0..<lanes { sums[lane] += values[start + lane] }
    }
    let total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    return values[whole...].reduce(total, +)
  }
}
