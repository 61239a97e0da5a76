public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func cancel(_ id: RunID) async throws -> RunState? {
    guard var run = runs[id] else { return nil }
    guard !run.record.state.isFinal else { return run.record.state }
    try run.take(.cancel)
    run.record.finishedAt = Date()
    runs[id] = run
    outbox.removeAll { run.passes.contains($0.pass) }
    return .cancelled
  }
}
