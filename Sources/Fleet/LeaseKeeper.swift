internal import FleetContracts

/// Keeps a claim alive while its holder works.
struct LeaseKeeper: Sendable {
  let ledger: any Ledger
  let lease: Duration

  /// Runs `body` and renews the claim three times in each lease. When the claim is lost, `body` is cancelled.
  /// - Throws: what `body` throws, or `LedgerError.fenced`.
  func holding<Result: Sendable>(
    _ claim: RunClaim, _ body: @Sendable @escaping () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while true {
          try await Task.sleep(for: lease / 3)
          try await ledger.renew(claim, lease: lease)
        }
      }
      defer { group.cancelAll() }
      while let outcome = try await group.next() {
        if let result = outcome { return result }
      }
      throw CancellationError()
    }
  }
}
