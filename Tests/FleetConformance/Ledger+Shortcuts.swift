public import FleetContracts

/// What most tests ask of a ledger's dispatching.
extension JustInTimeDispatching {
  /// Moves tiles as long as fewer than `window` tiles are queued without a result. Returns how many it moved.
  public func enqueueTiles(window: Int) async throws -> Int {
    try await enqueueTiles(DispatchWindow(inFlight: window)).moved
  }

  /// Claims a run of any class.
  public func claimSubmittedRun(owner: String, lease: Duration) async throws -> RunClaim? {
    try await claimSubmittedRun(of: Set(RunClass.allCases), owner: owner, lease: lease)
  }
}
