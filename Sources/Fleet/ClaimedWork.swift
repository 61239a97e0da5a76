internal import FleetContracts
internal import Logging
internal import ServiceLifecycle

/// Work on a claimed run: keeps the claim alive meanwhile, and sees to the run when the work fails.
struct ClaimedWork: Sendable {
  let ledger: any Ledger
  let lease: Duration
  let logger: Logger
  /// Called each time that the claim has been renewed.
  var renewed: @Sendable () -> Void = {}

  /// Does the work, then commits its result.
  ///
  /// When the process is asked to stop, or for a failure that passes, the claim is handed back; any other failure ends the run. A claim that
  /// has passed to another process is dropped.
  /// - Throws: `CancellationError`, a failure that passes, errors of the ledger.
  func perform<Result: Sendable>(
    _ claim: RunClaim, _ work: @Sendable @escaping () async throws -> Result,
    commit: (Result) async throws -> Void
  ) async throws {
    let run = claim.run.id
    do {
      try await commit(try await cancelWhenGracefulShutdown { try await holding(claim, work) })
    } catch is CancellationError {
      try? await ledger.release(claim)  // if this fails too, the lease ends by itself
      throw CancellationError()
    } catch LedgerError.fenced {
      logger.notice("run was cancelled or passed to another process", metadata: ["run": "\(run)"])
    } catch {
      let failure = RunFailure(error)
      guard failure.kind != .transient else {
        try? await ledger.release(claim)
        throw error
      }
      logger.error("run failed", metadata: ["run": "\(run)", "reason": "\(failure.reason)"])
      try await ledger.fail(claim, failure)
    }
  }

  /// Runs `body` and renews the claim three times in each lease. When the claim is lost, `body` is cancelled.
  /// - Throws: what `body` throws, or `LedgerError.fenced`.
  private func holding<Result: Sendable>(
    _ claim: RunClaim, _ body: @Sendable @escaping () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while true {
          try await Task.sleep(for: lease / 3)
          try await ledger.renew(claim, lease: lease)
          renewed()
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
