/// The promises of the fleet. Each has a view `fleet.violations_i1` … in the ledger that must be empty at any moment.
public enum Invariant: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case runsEnd = 1
  case oneResult
  case sameBits
  case cancelIsFinal
  case tilesAddUp
  case digestsVerify
  case legalSteps
  case deadLettersMatch
  case oneEnd
  case noNeedlessWork
  case urgentFirst
  case cleanDrain

  /// `I1` … `I12`.
  public var description: String { "I\(rawValue)" }

  /// What is promised.
  public var promise: String {
    switch self {
    case .runsEnd: "every accepted run ends"
    case .oneResult: "one accepted result for each tile, one artifact for each run, one row for each measurement"
    case .sameBits: "equal requests have equal results, to the last bit"
    case .cancelIsFinal: "nothing becomes visible after a cancel"
    case .tilesAddUp: "planned tiles = accepted + dead + outstanding"
    case .digestsVerify: "every accepted digest is in the store and verifies, as far as tessera verify has looked"
    case .legalSteps: "only legal changes of state"
    case .deadLettersMatch: "dead letters and dead tiles match one to one"
    case .oneEnd: "a run's end is told by exactly one event"
    case .noNeedlessWork: "tiles are computed again only when workers were lost"
    case .urgentFirst: "an urgent run's first tile waits for at most one job"
    case .cleanDrain: "a worker that is stopped properly leaves nothing undone"
    }
  }

  /// - Parameter name: `I1` … `I12`.
  public init?(name: some StringProtocol) {
    guard name.first == "I", let number = Int(name.dropFirst()) else { return nil }
    self.init(rawValue: number)
  }
}

/// A broken promise, as the ledger sees it.
public struct LedgerViolation: Hashable, Sendable {
  public var invariant: Invariant
  /// What is wrong.
  public var broken: String
  /// `nil` where it is about no run.
  public var run: RunID?
  /// Where to look.
  public var detail: String

  public init(invariant: Invariant, broken: String, run: RunID?, detail: String) {
    self.invariant = invariant
    self.broken = broken
    self.run = run
    self.detail = detail
  }
}

/// What an audit of the ledger has found.
public struct LedgerAuditReport: Hashable, Sendable {
  public var runs: Int
  public var tiles: Int
  /// Computations of tiles whose result wasn't needed any more (I10: at most one for each slot of each worker that was lost).
  public var recomputedTiles: Int
  /// The first ones; empty when all promises are kept.
  public var violations: [LedgerViolation]

  public init(runs: Int, tiles: Int, recomputedTiles: Int, violations: [LedgerViolation]) {
    self.runs = runs
    self.tiles = tiles
    self.recomputedTiles = recomputedTiles
    self.violations = violations
  }
}

/// A ledger that can be looked through for broken promises.
public protocol LedgerAudit: Sendable {
  /// - Parameter limit: at most so many violations are reported.
  func audit(limit: Int) async throws -> LedgerAuditReport
}
