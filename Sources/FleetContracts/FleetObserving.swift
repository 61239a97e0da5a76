/// What the ledger tells those who watch the fleet. Each answer costs the database some milliseconds: callers keep it for a few seconds.
public protocol FleetObserving: Sendable {
  func overview() async throws -> FleetOverview
  /// Broken promises of the ledger, counted by the invariant's name (I1 to I12); empty when all is well. Dear: it looks at all rows.
  func violations() async throws -> [String: Int]
}
