internal import FleetContracts

/// Follows a run to its end.
struct RunWatcher {
  let ledger: any Ledger
  let interval: Duration

  /// - Parameter show: called with each look at the run.
  /// - Throws: `LedgerError`, `CancellationError`.
  func end(of id: RunID, show: (RunRecord) -> Void) async throws -> RunRecord {
    while true {
      guard let run = try await ledger.run(id) else { throw InputError("Run \(id) is not in the ledger any more.") }
      if run.state.isFinal { return run }
      show(run)
      try await Task.sleep(for: interval)
    }
  }
}
