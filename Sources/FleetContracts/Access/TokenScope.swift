/// What the bearer of a token may do over HTTP.
public enum TokenScope: String, Hashable, Sendable, Codable, CaseIterable {
  /// Hand in images and runs, and cancel the tenant's own runs.
  case submit
  /// See the tenant's runs and their results, models, workers and the queue.
  case read
  /// All of it for every tenant, and dead letters.
  case admin
}

extension TokenScope: Comparable {
  /// The narrower scope comes first.
  public static func < (first: TokenScope, second: TokenScope) -> Bool { first.rank < second.rank }

  private var rank: Int {
    switch self {
    case .submit: 0
    case .read: 1
    case .admin: 2
    }
  }
}
