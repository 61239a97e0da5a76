public import Foundation

/// The events of a ledger in the order in which they became true. Each is written in the very transaction that changes the run's state.
public protocol EventLog: Sendable {
  /// Events behind `position`, in their order. None is ever left out: when an event is seen, no later look finds one before it that wasn't there.
  /// - Parameters:
  ///   - position: that of the last event which was read; 0 for the beginning.
  ///   - run: only events of this run.
  ///   - tenant: only events of this tenant.
  func events(after position: Int, run: RunID?, tenant: Tenant?, limit: Int) async throws -> [FleetEvent]
  /// The position of the newest event; 0 when there is none.
  func lastEventPosition() async throws -> Int
  func event(_ id: UUID) async throws -> FleetEvent?

  /// Events that weren't published to the broker yet, in their order; for the length of `lease` nobody else gets them.
  func claimEvents(limit: Int, lease: Duration) async throws -> [FleetEvent]
  /// They are published (confirmed by the broker). Not calling this publishes them again after the lease: harmless.
  func markPublished(_ events: [FleetEvent]) async throws
}

extension EventLog {
  /// Events of all runs behind `position`.
  public func events(after position: Int, limit: Int) async throws -> [FleetEvent] {
    try await events(after: position, run: nil, tenant: nil, limit: limit)
  }
}
