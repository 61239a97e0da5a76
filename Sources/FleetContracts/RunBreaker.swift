/// Ends a pass early that can't end well: when most attempts fail, of many tiles, each tile needn't use up its own budget.
///
/// It looks at shares, not at counts: a long run may have many failures and end well. Transient failures don't count, as they are the
/// surroundings' fault and pass.
public struct RunBreaker: Hashable, Sendable {
  /// Failed attempts of one reason, over all tiles of a pass.
  public struct Failures: Hashable, Sendable {
    public var kind: FailureKind
    public var reason: String
    public var attempts: Int

    public init(kind: FailureKind, reason: String, attempts: Int) {
      self.kind = kind
      self.reason = reason
      self.attempts = attempts
    }
  }

  /// Fewer failed attempts say nothing of the whole.
  public static let leastFailures = 16
  /// Fewer tiles may just be the bad ones; their own budgets deal with them.
  public static let leastTiles = 8
  /// The share of attempts that fail from which a pass is given up.
  public static let share = 0.5

  /// Tiles of the pass that have a result.
  public var acceptedTiles: Int
  /// Tiles of the pass that have failed, in any way that counts.
  public var failedTiles: Int
  public var failures: [Failures]

  public init(acceptedTiles: Int, failedTiles: Int, failures: [Failures]) {
    self.acceptedTiles = acceptedTiles
    self.failedTiles = failedTiles
    self.failures = failures
  }

  /// Whether failures of this kind are counted.
  public static func counts(_ kind: FailureKind) -> Bool { kind != .transient }

  /// Why the run ends here, with the commonest reason; `nil` as long as it may end well.
  public var verdict: RunFailure? {
    let counted = failures.filter { Self.counts($0.kind) }
    let failed = counted.reduce(0) { $0 + $1.attempts }
    guard failed >= Self.leastFailures, failedTiles >= Self.leastTiles,
      Double(failed) >= Self.share * Double(failed + acceptedTiles),
      let commonest = counted.max(by: { ($0.attempts, $1.reason) < ($1.attempts, $0.reason) })
    else { return nil }
    return RunFailure(
      kind: commonest.kind,
      reason:
        "\(failed) of \(failed + acceptedTiles) attempts failed, in \(failedTiles) tiles, so the run is given up; the commonest reason, \(commonest.attempts) times: \(commonest.reason)"
    )
  }
}
