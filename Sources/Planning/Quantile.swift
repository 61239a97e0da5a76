/// Percentiles as numpy forms them, to the last bit: the planner rounds what they become.
enum Quantile {
  /// `numpy.percentile` with linear interpolation.
  /// - Parameter percent: 0 to 100.
  static func percentile(_ percent: Double, ofSorted values: [Double]) -> Double {
    let place = percent / 100 * Double(values.count - 1)
    let lower = Int(place.rounded(.down))
    let share = place - Double(lower)
    let (a, b) = (values[lower], values[min(lower + 1, values.count - 1)])
    // From the nearer end, as numpy does.
    return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share)
  }

  /// `numpy.median`: the mean of the two in the middle.
  static func median(ofSorted values: [Double]) -> Double {
    let middle = values.count / 2
    return values.count.isMultiple(of: 2) ? (values[middle - 1] + values[middle]) / 2 : values[middle]
  }

  /// Along each axis by itself.
  static func along(_ rows: [[Double]], _ quantile: ([Double]) -> Double) -> [Double] {
    (0..<3).map { axis in quantile(rows.map { $0[axis] }.sorted()) }
  }
}
