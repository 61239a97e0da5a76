internal import Digests
internal import FleetContracts

/// The same rules as the real ledger's.
extension InMemoryLedger {
  /// Decides about a computed result that isn't simply taken or dropped; `nil` for all others.
  func arbitrate(_ result: TileResult, _ probabilities: Digest, of run: Run) throws -> TileReceipt? {
    guard let tile = passes[result.pass]?.tiles[result.tile] else { return nil }
    if quarantinesInForce.contains(result.worker) {
      try putBack(result, after: .zero)
      return .refused
    }
    if let accepted = tile.accepted {
      guard accepted.probabilities != probabilities else { return nil }
      guard accepted.engine == result.engine, try reopenForTiles(run.record.id, pass: result.pass) else { return nil }
      try withdraw(result.tile, of: result.pass)
      passes[result.pass]?.tiles[result.tile].votes.append(TileVote(result: accepted.result, at: now))
    } else if !tile.isCanary, tile.votes.isEmpty {
      return nil
    }
    return try vote(result, of: run)
  }

  /// An excluded worker got the job: another one will, or, when nobody else is there, it is decided by what there is.
  func decline(_ result: TileResult, of run: Run) throws -> TileReceipt {
    guard let tile = passes[result.pass]?.tiles[result.tile], tile.state == .planned || tile.state == .queued else {
      return .stale
    }
    let isDisputed = tile.arbitration.isDisputed
    let patience = isDisputed ? Arbitration.patienceForDecision : Arbitration.patienceForSecond
    guard let first = tile.votes.first, first.at + patience < now else {
      try putBack(result, after: .seconds(1))
      return isDisputed ? .disputed : .awaitsAgreement
    }
    guard isDisputed else { return try accept(first.result, of: run) }
    try kill(result, .corrupt, Arbitration.failure(tile: result.tile, waited: patience), of: run)
    return .dead
  }

  private func vote(_ result: TileResult, of run: Run) throws -> TileReceipt {
    guard var tile = passes[result.pass]?.tiles[result.tile] else { return .stale }
    if let own = tile.votes.first(where: { $0.result.worker == result.worker }) {
      if own.result.engine == result.engine, own.result.outcome != result.outcome {
        addQuarantine(
          result.worker, Arbitration.quarantineReason(contradictingItselfIn: result.tile, run: result.run))
        tile.votes.removeAll { $0.result.worker == result.worker }
      }
    } else {
      tile.votes.append(TileVote(result: result, at: now))
    }
    passes[result.pass]?.tiles[result.tile] = tile
    switch tile.arbitration.verdict {
    case .undecided:
      try putBack(result, after: .zero)
      return tile.arbitration.isDisputed || tile.votes.isEmpty ? .disputed : .awaitsAgreement
    case .decided(let place, let wrong):
      let reason = Arbitration.quarantineReason(
        tile: result.tile, run: result.run, agreeing: tile.votes.count - wrong.count)
      for worker in wrong { addQuarantine(worker, reason) }
      return try accept(tile.votes[place].result, of: run)
    case .hopeless:
      try kill(result, .corrupt, Arbitration.failure(tile: result.tile, votes: tile.votes.count), of: run)
      return .dead
    }
  }

  /// Puts a tile back into the backlog, unless a newer attempt than the result's is under way.
  private func putBack(_ result: TileResult, after pause: Duration) throws {
    guard let tile = passes[result.pass]?.tiles[result.tile],
      tile.state == .planned || (tile.state == .queued && tile.attempts <= result.attempt)
    else { return }
    try passes[result.pass]?.tiles[result.tile].state.take(.retry)
    passes[result.pass]?.tiles[result.tile].publishedAt = nil
    passes[result.pass]?.tiles[result.tile].notBefore = now + pause
    outbox.removeAll { $0.pass == result.pass && $0.tile == result.tile }
  }

  /// Takes a tile's result back: it waits in the backlog again.
  func withdraw(_ tile: Int, of pass: PassID) throws {
    try passes[pass]?.tiles[tile].state.take(.takeBack)
    passes[pass]?.tiles[tile].accepted = nil
    passes[pass]?.tiles[tile].publishedAt = nil
    passes[pass]?.tiles[tile].notBefore = now
  }

  /// Makes a run `predicting`, so that tiles of `pass` can be computed again; whoever stitches it is fenced.
  /// - Returns: `false` when the pass isn't in work any more.
  func reopenForTiles(_ id: RunID, pass: PassID) throws -> Bool {
    guard var run = runs[id], run.passes.last == pass else { return false }
    if run.record.state == .predicting { return true }
    guard run.allows(.takeBackTiles) else { return false }
    try run.take(.takeBackTiles)
    runs[id] = run
    return true
  }
}

extension Tile {
  var arbitration: Arbitration {
    Arbitration(
      votes: votes.compactMap { vote in
        guard case .computed(let probabilities, _) = vote.result.outcome else { return nil }
        return Arbitration.Vote(
          worker: vote.result.worker, engine: vote.result.engine, probabilities: probabilities)
      })
  }
}
