public import Foundation

/// A run whose tiles wait in the ledger to be handed to workers.
public struct BacklogRun: Hashable, Sendable {
  public var run: RunID
  public var pass: PassID
  public var runClass: RunClass
  public var tenant: Tenant
  /// When it should be done: see `RunClass.due`.
  public var due: Date
  public var submittedAt: Date
  /// Tiles that may be handed out now.
  public var tiles: Int
  /// What each of them costs; any unit, the same for all.
  public var tileCost: Double

  public init(
    run: RunID, pass: PassID, runClass: RunClass, tenant: Tenant, due: Date, submittedAt: Date, tiles: Int,
    tileCost: Double
  ) {
    self.run = run
    self.pass = pass
    self.runClass = runClass
    self.tenant = tenant
    self.due = due
    self.submittedAt = submittedAt
    self.tiles = tiles
    self.tileCost = tileCost
  }

  /// Of one class and tenant, this one goes before the other: the earlier due, then the older.
  public func precedes(_ other: BacklogRun) -> Bool {
    (due, submittedAt, run.description) < (other.due, other.submittedAt, other.run.description)
  }
}

extension RunClass {
  /// How long after its submission a run without a deadline counts as wanted, in seconds: an hour, a day, a week. So it can't wait for
  /// ever behind runs that have one.
  public var patience: Double {
    switch self {
    case .stat: 3600
    case .routine: 86400
    case .batch: 7 * 86400
    }
  }

  /// When a run of this class should be done.
  public func due(deadline: Date?, submittedAt: Date) -> Date { deadline ?? submittedAt.addingTimeInterval(patience) }
}
