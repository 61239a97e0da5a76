public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func claimSubmittedRun(owner: String, lease: Duration) async throws -> RunClaim? {
    try claimOldest(owner: owner, lease: lease, in: [.submitted, .continuing, .preparing])
  }

  public func renew(_ claim: RunClaim, lease: Duration) async throws {
    var run = try held(claim)
    run.leaseEnd = now + lease
    runs[claim.run.id] = run
  }

  public func release(_ claim: RunClaim) async throws {
    guard var run = try? held(claim, for: .release) else { return }
    try run.take(.release, epoch: claim.epoch)
    runs[claim.run.id] = run
  }

  public func plan(_ pass: PassPlan, of claim: RunClaim) async throws {
    if let planned = passes[pass.id], planned.run == claim.run.id, planned.epoch == claim.epoch { return }
    var run = try held(claim, for: .plan)
    try run.take(.plan, epoch: claim.epoch)
    if pass.tiles == 0 { try run.take(.finishTiles) }
    passes[pass.id] = Pass(
      run: claim.run.id, model: claim.run.passes[claim.run.position].request.model, epoch: claim.epoch,
      document: pass.document, tileOperations: pass.tileOperations,
      tiles: Array(repeating: Tile(), count: pass.tiles), timings: pass.timings)
    run.passes.append(pass.id)
    runs[claim.run.id] = run
  }

  public func fail(_ claim: RunClaim, _ failure: RunFailure) async throws {
    if let run = runs[claim.run.id], run.epoch == claim.epoch, run.record.failure == failure { return }
    try finish(try held(claim, for: .fail), .fail, failure, epoch: claim.epoch)
  }

  /// Ends `run` as failed; none of its tiles will be published any more.
  func finish(_ run: Run, _ event: RunEvent, _ failure: RunFailure, epoch: Int? = nil) throws {
    var run = run
    try run.take(event, epoch: epoch)
    run.record.failure = failure
    run.record.finishedAt = Date()
    runs[run.record.id] = run
    outbox.removeAll { run.passes.contains($0.pass) }
  }

  public func enqueueTiles(window: Int) async throws -> Int {
    let predicting = order.compactMap { runs[$0] }.filter { $0.record.state == .predicting }
    let queued = predicting.flatMap(\.passes).compactMap { passes[$0] }.reduce(0) {
      $0 + $1.tiles.count { $0.state == .queued }
    }
    var room = window - queued
    var moved = 0
    let now = now
    for run in predicting where room > 0 {
      guard let id = run.passes.last, let pass = passes[id] else { continue }
      for tile in pass.tiles.indices
      where room > 0 && pass.tiles[tile].state == .planned && pass.tiles[tile].notBefore <= now {
        let attempt = pass.tiles[tile].attempts + 1
        let job = TileJob(
          run: run.record.id, pass: id, epoch: pass.epoch, tile: tile, attempt: attempt, document: pass.document)
        var message = try QueueMessage(job)
        message.trace = run.record.trace
        lastOutboxID += 1
        outbox.append(
          OutboxEntry(
            message: OutboxMessage(id: lastOutboxID, queue: .tiles, message: message), pass: id, tile: tile))
        try passes[id]?.tiles[tile].state.take(.enqueue)
        passes[id]?.tiles[tile].attempts = attempt
        passes[id]?.tiles[tile].publishedAt = nil
        room -= 1
        moved += 1
      }
    }
    return moved
  }

  public func claimOutbox(limit: Int, lease: Duration) async throws -> [OutboxMessage] {
    let now = now
    let due = outbox.indices.lazy.filter { (self.outbox[$0].claimedUntil ?? .zero) <= now }.prefix(max(0, limit))
    return Array(due).map { index in
      outbox[index].claimedUntil = now + lease
      return outbox[index].message
    }
  }

  public func markPublished(_ messages: [OutboxMessage]) async throws {
    let published = Set(messages.map(\.id))
    for entry in outbox where published.contains(entry.message.id) {
      passes[entry.pass]?.tiles[entry.tile].publishedAt = now
    }
    outbox.removeAll { published.contains($0.message.id) }
  }

  public func requeueOverdueTiles(olderThan age: Duration) async throws -> Int {
    let limit = now - age
    var moved = 0
    for run in runs.values where run.record.state == .predicting {
      guard let id = run.passes.last, let pass = passes[id] else { continue }
      for tile in pass.tiles.indices where pass.tiles[tile].state == .queued {
        guard let published = pass.tiles[tile].publishedAt, published < limit else { continue }
        try passes[id]?.tiles[tile].state.take(.giveUpForLost)
        passes[id]?.tiles[tile].publishedAt = nil
        moved += 1
      }
    }
    return moved
  }

  // MARK: Claims

  /// Gives the oldest run in one of these states that is free to the caller.
  func claimOldest(owner: String, lease: Duration, in states: Set<RunState>) throws -> RunClaim? {
    let now = now
    let free = order.lazy.compactMap { self.runs[$0] }.first { run in
      states.contains(run.record.state) && run.allows(.claim, leaseIsOver: run.leaseIsOver(at: now))
    }
    guard var run = free else { return nil }
    try run.take(.claim, leaseIsOver: run.leaseIsOver(at: now), owner: owner, leaseEnd: now + lease)
    if run.record.startedAt == nil { run.record.startedAt = Date() }
    runs[run.record.id] = run
    return RunClaim(run: record(run), epoch: run.epoch)
  }

  /// The run, as long as the claim is in force. A lease that is over is in force until somebody else claims the run.
  func held(_ claim: RunClaim) throws -> Run {
    guard let run = runs[claim.run.id], run.epoch == claim.epoch, run.leaseEnd != nil else {
      throw LedgerError.fenced(claim.run.id)
    }
    return run
  }

  /// The run, as long as the claim is in force and the event may follow.
  func held(_ claim: RunClaim, for event: RunEvent) throws -> Run {
    let run = try held(claim)
    guard run.allows(event, epoch: claim.epoch) else { throw LedgerError.fenced(claim.run.id) }
    return run
  }
}

extension Run {
  fileprivate func leaseIsOver(at now: Duration) -> Bool { (leaseEnd ?? .zero) <= now }
}
