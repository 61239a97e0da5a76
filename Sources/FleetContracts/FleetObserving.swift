/// What the ledger tells those who watch the fleet. Each answer costs the database some milliseconds: callers keep it for a few seconds.
public protocol FleetObserving: Sendable {
  func overview() async throws -> FleetOverview
  /// Quick: for whoever asks all the time.
  func attention() async throws -> FleetAttention
  /// Broken promises of the ledger, counted by the invariant's name (I1 to I12); empty when all is well. Looks at runs that aren't over, or
  /// were until lately; `LedgerAudit` looks at all.
  func violations() async throws -> [String: Int]
}
