public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func cancel(_ id: RunID) async throws -> RunState? {
    guard var run = runs[id] else { return nil }
    guard !run.record.state.isFinal else { return run.record.state }
    run.record.state = .cancelled
    run.record.finishedAt = Date()
    run.epoch += 1
    run.leaseEnd = nil
    runs[id] = run
    outbox.removeAll { run.passes.contains($0.pass) }
    return .cancelled
  }
}
