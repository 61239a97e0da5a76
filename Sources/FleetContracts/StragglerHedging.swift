/// When a tile takes so much longer than its like that another worker shall compute it too.
public enum HedgePolicy {
  /// Times the time that 95 % of the pass's tiles stayed below.
  public static let factor = 3.0
  /// Whatever the tiles take, nothing is hedged sooner: jobs wait a while at the broker, too.
  public static let floor = Duration.seconds(5)
  /// Results of a pass from which its times are known.
  public static let leastResults = 5

  /// - Parameter seconds: what each accepted tile of the pass took.
  /// - Returns: how long a tile may take, or `nil` when too little is known.
  public static func patience(_ seconds: [Double]) -> Duration? {
    guard seconds.count >= leastResults else { return nil }
    return max(floor, .seconds(factor * Percentile.value(0.95, of: seconds.sorted())))
  }
}

/// The part of the ledger that doesn't wait for the slowest.
public protocol StragglerHedging: Sendable {
  /// When nothing waits in the backlog and slots are idle, dispatches tiles of running runs a second time that take longer than
  /// `HedgePolicy` allows: each at most once. Whichever result comes first counts; the other one equals it.
  /// - Parameter slots: worker slots that there are.
  /// - Returns: How many tiles.
  func hedgeStragglers(slots: Int) async throws -> Int
}
