/// What dispatcher and aggregator need to know beside their adapters.
public struct ServiceSettings: Sendable {
  /// This process, in leases and logs; such as `host-4711`. No patient data.
  public var owner: String
  /// How long a claim lasts without being renewed. It is renewed three times as often.
  public var lease: Duration
  /// How often an idle loop looks for work.
  public var pollInterval: Duration
  /// How soon a loop that looks for runs does it again after it had work to do. The longer it finds none the longer it pauses, up to
  /// `pollInterval`.
  public var shortestPause: Duration
  /// Tiles published longer ago than this, without a result, are dispatched again; earlier where tiles are known to take less.
  public var overdueAfter: Duration
  /// Whether each slot has a tile waiting, whatever comes: where there is only one run.
  public var keepsAhead: Bool
  /// Where the process's loops show that they are alive.
  public var vitals = Vitals()
  /// The share of tiles that two workers compute, as a check of their machines; 0 to 1.
  public var canaryShare: Double

  public init(
    owner: String, lease: Duration = .seconds(30), pollInterval: Duration = .milliseconds(200),
    shortestPause: Duration? = nil, overdueAfter: Duration = .seconds(900), keepsAhead: Bool = false,
    canaryShare: Double = 0
  ) {
    self.owner = owner
    self.lease = lease
    self.pollInterval = pollInterval
    self.shortestPause = shortestPause ?? pollInterval
    self.overdueAfter = overdueAfter
    self.keepsAhead = keepsAhead
    self.canaryShare = canaryShare
  }
}
