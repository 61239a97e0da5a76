/// How urgent a run is: which backlog it waits in. Whatever the class, a run's result has the same bits.
public enum RunClass: String, Hashable, Sendable, Codable, CaseIterable {
  /// Somebody waits for it now: its first tile waits for at most one job of others.
  case stat
  /// The day's work.
  case routine
  /// Whenever there is room: studies of the past, research.
  case batch
}

extension RunClass: Comparable {
  /// The more urgent class comes first.
  public static func < (first: RunClass, second: RunClass) -> Bool { first.rank < second.rank }

  private var rank: Int {
    switch self {
    case .stat: 0
    case .routine: 1
    case .batch: 2
    }
  }
}
