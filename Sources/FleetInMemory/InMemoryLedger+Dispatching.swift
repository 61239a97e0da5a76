public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func claimSubmittedRun(owner: String, lease: Duration) async throws -> RunClaim? {
    claimOldest(lease: lease) { run, now in
      switch run.record.state {
      case .submitted, .continuing: true
      case .preparing: (run.leaseEnd ?? .zero) <= now
      default: false
      }
    } change: { run in
      run.record.state = .preparing
      if run.record.startedAt == nil { run.record.startedAt = Date() }
    }
  }

  public func renew(_ claim: RunClaim, lease: Duration) async throws {
    var run = try held(claim)
    run.leaseEnd = now + lease
    runs[claim.run.id] = run
  }

  public func release(_ claim: RunClaim) async throws {
    guard var run = try? held(claim) else { return }
    run.leaseEnd = nil
    if run.record.state == .preparing { run.record.state = run.record.position == 0 ? .submitted : .continuing }
    runs[claim.run.id] = run
  }

  public func plan(_ pass: PassPlan, of claim: RunClaim) async throws {
    if let planned = passes[pass.id], planned.run == claim.run.id, planned.epoch == claim.epoch { return }
    var run = try held(claim)
    guard run.record.state == .preparing else { throw LedgerError.fenced(claim.run.id) }
    passes[pass.id] = Pass(
      run: claim.run.id, model: claim.run.passes[claim.run.position].request.model, epoch: claim.epoch,
      document: pass.document, tileOperations: pass.tileOperations,
      tiles: Array(repeating: Tile(), count: pass.tiles), timings: pass.timings)
    run.passes.append(pass.id)
    run.leaseEnd = nil
    run.record.state = pass.tiles == 0 ? .stitching : .predicting
    runs[claim.run.id] = run
  }

  public func fail(_ claim: RunClaim, _ failure: RunFailure) async throws {
    if let run = runs[claim.run.id], run.epoch == claim.epoch, run.record.failure == failure { return }
    finish(try held(claim), failure)
  }

  /// Ends `run` as failed; none of its tiles will be published any more.
  func finish(_ run: Run, _ failure: RunFailure) {
    var run = run
    run.record.state = .failed
    run.record.failure = failure
    run.record.finishedAt = Date()
    run.leaseEnd = nil
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
        let message = try QueueMessage(job)
        lastOutboxID += 1
        outbox.append(
          OutboxEntry(
            message: OutboxMessage(id: lastOutboxID, queue: .tiles, message: message), pass: id, tile: tile))
        passes[id]?.tiles[tile].state = .queued
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
        passes[id]?.tiles[tile].state = .planned
        passes[id]?.tiles[tile].publishedAt = nil
        moved += 1
      }
    }
    return moved
  }

  // MARK: Claims

  /// Gives the oldest run that `isFree` to the caller.
  func claimOldest(
    lease: Duration, where isFree: (Run, _ now: Duration) -> Bool, change: (inout Run) -> Void
  ) -> RunClaim? {
    let now = now
    guard let id = order.first(where: { runs[$0].map { isFree($0, now) } ?? false }), var run = runs[id] else {
      return nil
    }
    run.epoch += 1
    run.leaseEnd = now + lease
    change(&run)
    runs[id] = run
    return RunClaim(run: record(run), epoch: run.epoch)
  }

  /// The run, as long as the claim is in force. A lease that is over is in force until somebody else claims the run.
  func held(_ claim: RunClaim) throws -> Run {
    guard let run = runs[claim.run.id], run.epoch == claim.epoch, run.leaseEnd != nil else {
      throw LedgerError.fenced(claim.run.id)
    }
    return run
  }
}
