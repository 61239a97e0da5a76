internal import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func record(_ results: [TileResult]) async throws -> [TileReceipt] {
    writeEvents()
    var receipts = Array(repeating: TileReceipt.stale, count: results.count)
    for isComputed in [true, false] {
      for index in results.indices where results[index].isComputed == isComputed {
        receipts[index] = try take(results[index])
      }
    }
    return receipts
  }

  private func take(_ result: TileResult) throws -> TileReceipt {
    guard let pass = passes[result.pass], pass.run == result.run, pass.epoch == result.epoch,
      let run = runs[pass.run], !run.record.state.isFinal, pass.tiles.indices.contains(result.tile)
    else { return .stale }
    switch result.outcome {
    case .computed(let probabilities, _):
      if let receipt = try arbitrate(result, probabilities, of: run) { return receipt }
      if let accepted = pass.tiles[result.tile].accepted?.probabilities {
        return accepted == probabilities ? .duplicate : .conflict(accepted: accepted)
      }
      return try accept(result, of: run)
    case .failed where result.declined == true: return try decline(result, of: run)
    case .failed(let kind, let reason):
      return try noteFailure(result, kind, reason, of: run)
    }
  }

  /// Takes a computed result as the tile's.
  func accept(_ result: TileResult, of run: Run) throws -> TileReceipt {
    guard case .computed(let probabilities, _) = result.outcome else { return .stale }
    try passes[result.pass]?.tiles[result.tile].state.take(.accept)
    passes[result.pass]?.tiles[result.tile].accepted = AcceptedTile(probabilities: probabilities, result: result)
    acceptedByMinute[ThroughputStep.minute.number(of: Date()), default: 0] += 1
    outbox.removeAll { $0.pass == result.pass && $0.tile == result.tile }
    guard passes[result.pass]?.tiles.allSatisfy({ $0.state == .done }) == true else {
      return .accepted(completesPass: false)
    }
    try runs[run.record.id]?.take(.finishTiles)
    return .accepted(completesPass: true)
  }

  public func claimStitch(owner: String, lease: Duration) async throws -> StitchClaim? {
    guard let claim = try claimOldest(owner: owner, lease: lease, in: [.stitching]),
      let id = runs[claim.run.id]?.passes.last, let pass = passes[id]
    else { return nil }
    let accepted = pass.tiles.compactMap(\.accepted)
    return StitchClaim(
      claim: claim, pass: id, document: pass.document, tiles: accepted.map(\.probabilities), timings: pass.timings,
      inferSeconds: accepted.reduce(0) { $0 + $1.inferSeconds }, engines: Set(accepted.map(\.engine)).sorted())
  }

  public func completePass(_ claim: RunClaim, _ outcome: PassOutcome) async throws {
    let position = claim.run.position
    if let run = runs[claim.run.id], run.epoch == claim.epoch, run.record.passes[position].outcome == outcome { return }
    var run = try held(claim, for: .completePass)
    try run.take(.completePass, epoch: claim.epoch)
    run.record.passes[position].outcome = outcome
    runs[claim.run.id] = run
  }

  public func complete(_ claim: RunClaim, _ outcome: RunOutcome) async throws {
    if let run = runs[claim.run.id], run.epoch == claim.epoch, run.record.outcome == outcome.withoutDetails {
      return
    }
    var run = try held(claim, for: .complete)
    try run.take(.complete, epoch: claim.epoch)
    run.record.outcome = outcome.withoutDetails
    details[claim.run.id] = outcome.details
    run.record.finishedAt = Date()
    run.root = root(of: run)
    runs[claim.run.id] = run
  }
}
