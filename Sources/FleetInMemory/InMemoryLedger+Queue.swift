internal import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func queueLook() async throws -> QueueLook {
    let slots = try await workers().filter { $0.isPresent && $0.status.state == .running }
      .reduce(0) { $0 + $1.status.slots }
    let live = order.compactMap { runs[$0] }.filter { !$0.record.state.isFinal }.map { run in
      let pass = run.passes.last.flatMap { passes[$0] }
      return QueueLook.Run(
        run: run.record.id, runClass: run.record.runClass, tenant: run.record.tenant, due: run.due,
        submittedAt: run.record.submittedAt, state: run.record.state, isPaused: isPaused(run),
        model: pass?.model ?? run.record.passes[0].request.model,
        waitingTiles: pass?.tiles.count { $0.state == .planned } ?? 0,
        queuedTiles: pass?.tiles.count { $0.state == .queued } ?? 0, tileOperations: pass?.tileOperations ?? 0,
        laterPasses: run.record.passes.dropFirst(run.passes.count).map(\.request.model))
    }
    var steps: [Digest: [Double]] = [:]
    for run in order.compactMap({ runs[$0]?.record }) where run.state == .completed {
      let seconds = run.outcome?.timings.filter { $0.step != "predict" }.reduce(0) { $0 + $1.seconds } ?? 0
      steps[run.model.digest, default: []].append(seconds / Double(run.passes.count))
    }
    return QueueLook(
      runs: live, speeds: try await speeds(),
      stepSeconds: steps.mapValues { $0.suffix(8).reduce(0, +) / Double(min(8, $0.count)) }, slots: slots)
  }
}
