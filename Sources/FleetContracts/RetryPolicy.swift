/// How often and when a failed tile is tried again: counted in the ledger, never by the broker.
///
/// Each kind of failure has a budget of its own, so that an outage of the store, which fails many attempts of every tile, uses up nothing of
/// the few attempts that a tile has which breaks its worker.
public enum RetryPolicy {
  /// What a tile may spend on one kind of failure.
  public struct Budget: Hashable, Sendable {
    /// The failed attempts that make the tile dead.
    public var attempts: Int
    /// The pause after the first failure; each further one is four times as long.
    public var firstPause: Duration
    public var longestPause: Duration

    /// The pause before the next attempt.
    /// - Parameter failures: attempts that failed in this way, from 1.
    public func pause(after failures: Int) -> Duration {
      min(longestPause, firstPause * (1 << (2 * min(max(failures, 1) - 1, 10))))
    }
  }

  /// With these pauses a store may be away for about three hours, and what can't go well is over after a few minutes.
  public static func budget(of kind: FailureKind) -> Budget {
    switch kind {
    case .transient: Budget(attempts: 40, firstPause: .seconds(1), longestPause: .seconds(300))
    case .poison: Budget(attempts: 3, firstPause: .seconds(1), longestPause: .seconds(64))
    case .invalid: Budget(attempts: 1, firstPause: .zero, longestPause: .zero)
    case .corrupt: Budget(attempts: 5, firstPause: .seconds(1), longestPause: .seconds(64))
    // Longer from the beginning, as others need time to give memory back; and more often, as it may meet a worker that has more.
    case .outOfMemory: Budget(attempts: 8, firstPause: .seconds(4), longestPause: .seconds(64))
    }
  }

  public enum Decision: Hashable, Sendable {
    case again(after: Duration)
    case dead
  }

  /// What becomes of a tile that has failed.
  /// - Parameter failures: attempts of the tile that failed in this way, this one among them.
  public static func decide(_ kind: FailureKind, failures: Int) -> Decision {
    let budget = budget(of: kind)
    return failures < budget.attempts ? .again(after: budget.pause(after: failures)) : .dead
  }

  /// Why a run has failed whose tile is dead.
  /// - Parameter failedAttempts: of any kind.
  public static func runFailure(tile: Int, failedAttempts: Int, kind: FailureKind, reason: String) -> RunFailure {
    RunFailure(
      kind: kind, reason: "Tile \(tile) failed in \(failedAttempts) of its attempts, the last time because: \(reason)")
  }
}
