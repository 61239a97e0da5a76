/// Percentiles as both ledgers take them.
enum Percentile {
  /// Linear between the two nearest, as PostgreSQL's `percentile_cont`.
  /// - Parameters:
  ///   - share: 0 to 1.
  ///   - sorted: ascending; not empty.
  static func value(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let (low, high) = (sorted[Int(place)], sorted[min(Int(place) + 1, sorted.count - 1)])
    return low + (high - low) * (place - place.rounded(.down))
  }
}
