internal import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func enqueueTiles(_ window: DispatchWindow) async throws -> DispatchReport {
    let predicting = order.compactMap { runs[$0] }.filter { $0.record.state == .predicting }
    let queued = predicting.flatMap(\.passes).compactMap { passes[$0] }.reduce(0) {
      $0 + $1.tiles.count { $0.state == .queued }
    }
    let now = now
    let room = window.room(
      queued: queued, unpublished: outbox.count, lastMove: lastMove.map { now - $0 } ?? .seconds(1_000_000_000))
    guard room > 0 else { return DispatchReport(moved: 0, queued: queued) }
    let backlog = predicting.compactMap { run -> BacklogRun? in
      guard !isPaused(run), let id = run.passes.last, let pass = passes[id] else { return nil }
      return BacklogRun(
        run: run.record.id, pass: id, runClass: run.record.runClass, tenant: run.record.tenant, due: run.due,
        submittedAt: run.record.submittedAt, tiles: pass.tiles.count { $0.state == .planned && $0.notBefore <= now },
        tileCost: pass.tileOperations)
    }
    let chosen = shares.choose(from: backlog, room: room)
    for id in chosen { try move(nextTileOf: id, now: now) }
    if !chosen.isEmpty { lastMove = now }
    return DispatchReport(moved: chosen.count, queued: queued + chosen.count)
  }

  private func move(nextTileOf id: PassID, now: Duration) throws {
    guard let tile = passes[id]?.tiles.firstIndex(where: { $0.state == .planned && $0.notBefore <= now }) else {
      return
    }
    try putIntoOutbox(tile, of: id)
    try passes[id]?.tiles[tile].state.take(.enqueue)
  }

  /// Makes the next job of a tile.
  func putIntoOutbox(_ tile: Int, of id: PassID) throws {
    guard let pass = passes[id] else { return }
    let attempt = pass.tiles[tile].attempts + 1
    let voters = pass.tiles[tile].votes.map(\.result.worker)
    let job = TileJob(
      run: pass.run, pass: id, epoch: pass.epoch, tile: tile, attempt: attempt, document: pass.document,
      excluding: voters.isEmpty ? nil : voters)
    var message = try QueueMessage(job)
    message.trace = runs[pass.run]?.record.trace
    lastOutboxID += 1
    outbox.append(
      OutboxEntry(
        message: OutboxMessage(id: lastOutboxID, queue: .tiles, message: message), pass: id, tile: tile))
    passes[id]?.tiles[tile].attempts = attempt
    passes[id]?.tiles[tile].publishedAt = nil
  }

  public func claimSubmittedRun(
    of classes: Set<RunClass>, owner: String, lease: Duration
  ) async throws -> RunClaim? {
    struct Group: Hashable {
      var runClass: RunClass
      var tenant: Tenant
    }
    func group(_ run: Run) -> Group { Group(runClass: run.record.runClass, tenant: run.record.tenant) }
    let inWork = Dictionary(
      runs.values.filter { [.preparing, .predicting].contains($0.record.state) }.map { (group($0), 1) },
      uniquingKeysWith: +)
    let today = Date()
    // Past due first, then the more urgent class, then the tenant with the fewest runs in work.
    func rank(_ run: Run) -> (Int, RunClass, Int, Date) {
      (run.due < today ? 0 : 1, run.record.runClass, inWork[group(run)] ?? 0, run.due)
    }
    let free = free(in: [.submitted, .continuing, .preparing]).filter {
      classes.contains($0.record.runClass) && !isPaused($0)
    }
    guard let next = free.min(by: { rank($0) < rank($1) }) else { return nil }
    return try claim(next, owner: owner, lease: lease)
  }
}
