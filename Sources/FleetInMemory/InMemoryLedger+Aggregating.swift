internal import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func record(_ results: [TileResult]) async throws -> [TileReceipt] {
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
      if let accepted = pass.tiles[result.tile].accepted?.probabilities {
        return accepted == probabilities ? .duplicate : .conflict(accepted: accepted)
      }
      return try accept(result, probabilities, of: run)
    case .failed(let kind, let reason):
      return try noteFailure(result, kind, reason, of: run)
    }
  }

  private func accept(_ result: TileResult, _ probabilities: Digest, of run: Run) throws -> TileReceipt {
    try passes[result.pass]?.tiles[result.tile].state.take(.accept)
    passes[result.pass]?.tiles[result.tile].accepted = AcceptedTile(
      probabilities: probabilities, inferSeconds: result.timings.infer, seconds: result.timings.total,
      engine: result.engine)
    passes[result.pass]?.tiles[result.tile].state = .done
    outbox.removeAll { $0.pass == result.pass && $0.tile == result.tile }
    guard passes[result.pass]?.tiles.allSatisfy({ $0.state == .done }) == true else {
      return .accepted(completesPass: false)
    }
    try runs[run.record.id]?.take(.finishTiles)
    return .accepted(completesPass: true)
  }

  private func noteFailure(_ result: TileResult, _ kind: FailureKind, _ reason: String, of run: Run) throws
    -> TileReceipt
  {
    guard var tile = passes[result.pass]?.tiles[result.tile], tile.state != .done,
      (1...max(1, tile.attempts)).contains(result.attempt), tile.attempts > 0
    else { return .stale }
    guard tile.failedAttempts.insert(result.attempt).inserted else { return .willRetry }
    defer { passes[result.pass]?.tiles[result.tile] = tile }
    let failures = tile.failedAttempts.count
    guard RetryPolicy.retries(kind, attempt: failures) else {
      try tile.state.take(.die)
      try finish(
        run, .loseTile, RetryPolicy.runFailure(tile: result.tile, failedAttempts: failures, kind: kind, reason: reason))
      return .dead
    }
    // When a newer attempt is under way (this one had been given up for lost), that one decides.
    if tile.state == .planned || result.attempt == tile.attempts {
      try tile.state.take(.retry)
      tile.publishedAt = nil
      tile.notBefore = now + RetryPolicy.pause(afterAttempt: failures)
      outbox.removeAll { $0.pass == result.pass && $0.tile == result.tile }
    }
    return .willRetry
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
    if let run = runs[claim.run.id], run.epoch == claim.epoch, run.record.outcome == outcome { return }
    var run = try held(claim, for: .complete)
    try run.take(.complete, epoch: claim.epoch)
    run.record.outcome = outcome
    run.record.finishedAt = Date()
    run.root = root(of: run)
    runs[claim.run.id] = run
  }
}
