public import FleetContracts
internal import Foundation

extension InMemoryLedger {
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
      tiles: (0..<pass.tiles).map { _ in Tile(isCanary: Double.random(in: 0..<1) < pass.canaryShare) },
      timings: pass.timings)
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

  // MARK: Claims

  /// Gives the most urgent run in one of these states that is free to the caller, of these the oldest.
  func claimOldest(owner: String, lease: Duration, in states: Set<RunState>) throws -> RunClaim? {
    let free = free(in: states)
    guard let run = free.min(by: { $0.record.runClass < $1.record.runClass }) else { return nil }
    return try claim(run, owner: owner, lease: lease)
  }

  /// Runs that may be claimed, the oldest first.
  func free(in states: Set<RunState>) -> [Run] {
    let now = now
    return order.compactMap { runs[$0] }.filter { run in
      states.contains(run.record.state) && run.allows(.claim, leaseIsOver: run.leaseIsOver(at: now))
    }
  }

  func claim(_ free: Run, owner: String, lease: Duration) throws -> RunClaim {
    let now = now
    var run = free
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
