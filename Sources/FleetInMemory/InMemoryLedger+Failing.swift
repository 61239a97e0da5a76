internal import FleetContracts
internal import Foundation

extension InMemoryLedger {
  func noteFailure(
    _ result: TileResult, _ kind: FailureKind, _ reason: String, of run: Run, isRejection: Bool = false
  ) throws -> TileReceipt {
    guard var tile = passes[result.pass]?.tiles[result.tile], tile.state != .done,
      (1...max(1, tile.attempts)).contains(result.attempt), tile.attempts > 0
    else { return .stale }
    guard tile.failures[result.attempt] == nil else { return .willRetry }
    tile.failures[result.attempt] = NotedFailure(kind: kind, reason: reason, isRejection: isRejection)
    passes[result.pass]?.tiles[result.tile] = tile

    let counting = tile.failures.values.filter { !$0.isForgiven }
    switch RetryPolicy.decide(kind, failures: counting.count { $0.kind == kind }) {
    case .dead:
      try kill(
        result, kind,
        RetryPolicy.runFailure(tile: result.tile, failedAttempts: counting.count, kind: kind, reason: reason), of: run)
      return .dead
    case .again(let pause):
      if !isRejection, RunBreaker.counts(kind), let failure = breaker(result.pass).verdict {
        try kill(result, kind, failure, of: run)
        return .dead
      }
      // When a newer attempt is under way (this one had been given up for lost), that one decides.
      if tile.state == .planned || result.attempt == tile.attempts {
        try tile.state.take(.retry)
        tile.publishedAt = nil
        tile.notBefore = now + pause
        passes[result.pass]?.tiles[result.tile] = tile
        outbox.removeAll { $0.pass == result.pass && $0.tile == result.tile }
      }
      return .willRetry
    }
  }

  private func breaker(_ pass: PassID) -> RunBreaker {
    let tiles = passes[pass]?.tiles ?? []
    func counting(_ tile: Tile) -> [NotedFailure] {
      tile.failures.values.filter { !$0.isForgiven && !$0.isRejection && RunBreaker.counts($0.kind) }
    }
    struct Reason: Hashable {
      var kind: FailureKind
      var text: String
    }
    let reasons = Dictionary(grouping: tiles.flatMap(counting)) { Reason(kind: $0.kind, text: $0.reason) }
    return RunBreaker(
      acceptedTiles: tiles.count { $0.accepted != nil }, failedTiles: tiles.count { !counting($0).isEmpty },
      failures: reasons.map {
        RunBreaker.Failures(kind: $0.key.kind, reason: $0.key.text, attempts: $0.value.count)
      })
  }

  /// Makes a tile dead, with its dead letter; the run has failed.
  func kill(_ result: TileResult, _ kind: FailureKind, _ failure: RunFailure, of run: Run) throws {
    guard let pass = passes[result.pass] else { return }
    try passes[result.pass]?.tiles[result.tile].state.take(.die)
    passes[result.pass]?.tiles[result.tile].publishedAt = nil
    addLetter(
      .tile(
        job: TileJob(
          run: pass.run, pass: result.pass, epoch: pass.epoch, tile: result.tile, attempt: result.attempt,
          document: pass.document), kind: kind),
      reason: failure.reason, worker: result.worker)
    try finish(run, .loseTile, failure)
  }
}
