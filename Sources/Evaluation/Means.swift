/// Means as numpy forms them, so that they have the same bits.
public enum Means {
  /// `numpy.mean`: the pairwise sum divided by the count. NaN for no values.
  public static func mean(_ values: [Double]) -> Double { pairwiseSum(values[...]) / Double(values.count) }

  /// `numpy.nanmean`: NaNs count as 0 in the sum, and not in the number of values. NaN where there is no other value.
  public static func ofValues(_ values: [Double]) -> Double {
    pairwiseSum(values.map { $0.isNaN ? 0 : $0 }[...]) / Double(values.count { !$0.isNaN })
  }

  /// The order of numpy's additions (numpy/_core/src/umath, pairwise summation): up to 128 values in eight interleaved sums, more by
  /// halves.
  private static func pairwiseSum(_ values: ArraySlice<Double>) -> Double {
    let (lanes, block) = (8, 128)
    let count = values.count
    guard count >= lanes else { return values.reduce(0, +) }
    if count > block {
      let half = count / 2 - count / 2 % lanes
      return pairwiseSum(values.prefix(half)) + pairwiseSum(values.dropFirst(half))
    }
    let start = values.startIndex
    var sums = Array(values.prefix(lanes))
    let whole = count - count % lanes
    for index in stride(from: lanes, to: whole, by: lanes) {
      for lane in 0..<lanes { sums[lane] += values[start + index + lane] }
    }
    let sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    return values.dropFirst(whole).reduce(sum, +)
  }
}
