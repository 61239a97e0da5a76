public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func quarantine(_ worker: String, reason: String) async throws -> Bool { addQuarantine(worker, reason) }

  public func release(_ worker: String, by operator: String) async throws -> Bool {
    guard let index = quarantines.firstIndex(where: { $0.quarantine.worker == worker && $0.isInForce }) else {
      return false
    }
    quarantines[index].quarantine.releasedAt = Date()
    quarantines[index].quarantine.releasedBy = `operator`
    rejections[worker] = nil
    return true
  }

  public func quarantines(onlyInForce: Bool, limit: Int) async throws -> [Quarantine] {
    Array(
      quarantines.reversed().filter { !onlyInForce || $0.isInForce }.map(\.quarantine).prefix(max(0, limit)))
  }

  public func quarantinesToAnnounce() async throws -> [Quarantine] {
    let due = quarantines.indices.filter { index in
      let last = quarantines[index].announcedAt
      return quarantines[index].isInForce && (last.map { $0 + Quarantine.announcementInterval < now } ?? true)
    }
    for index in due { quarantines[index].announcedAt = now }
    return due.map { quarantines[$0].quarantine }
  }

  @discardableResult
  func addQuarantine(_ worker: String, _ reason: String) -> Bool {
    guard !quarantinesInForce.contains(worker) else { return false }
    quarantines.append(KeptQuarantine(quarantine: Quarantine(worker: worker, reason: reason, at: Date())))
    return true
  }

  var quarantinesInForce: Set<String> { Set(quarantines.filter(\.isInForce).map(\.quarantine.worker)) }

  // MARK: Taking results back

  public func withdrawQuarantinedResults() async throws -> Int {
    let workers = quarantinesInForce
    var count = 0
    for run in runs.values where !run.record.state.isFinal {
      for id in run.passes {
        let tiles = passes[id]?.tiles ?? []
        let affected = tiles.indices.filter { index in
          tiles[index].accepted.map { workers.contains($0.worker) } ?? false
        }
        guard !affected.isEmpty else { continue }
        guard id == run.passes.last, run.record.position == run.passes.count - 1 else {
          // Its later passes rest on this one. A run between two passes is looked at again when the next one is planned.
          if let last = run.passes.last, try reopenForTiles(run.record.id, pass: last),
            let reopened = runs[run.record.id]
          {
            try finish(reopened, .loseTile, Quarantine.failureOfFinishedPass)
          }
          break
        }
        guard try reopenForTiles(run.record.id, pass: id) else { continue }
        for tile in tiles.indices {
          passes[id]?.tiles[tile].votes.removeAll { workers.contains($0.result.worker) }
        }
        for tile in affected { try withdraw(tile, of: id) }
        count += affected.count
      }
    }
    return count
  }

  public func reject(_ tiles: [Int: TileDamage], of work: StitchClaim) async throws {
    let claimed = try held(work.claim)
    guard claimed.record.state == .stitching, try reopenForTiles(claimed.record.id, pass: work.pass) else {
      throw LedgerError.fenced(work.claim.run.id)
    }
    var rejected: [(accepted: AcceptedTile, damage: TileDamage)] = []
    for (tile, damage) in tiles.sorted(by: { $0.key < $1.key }) {
      guard let accepted = passes[work.pass]?.tiles[tile].accepted else { continue }
      rejected.append((accepted, damage))
      try withdraw(tile, of: work.pass)
      passes[work.pass]?.tiles[tile].votes = []
    }
    let soundWorkers = Set((passes[work.pass]?.tiles ?? []).compactMap { $0.accepted?.worker })
    let storeVictims = Set(rejected.filter(\.damage.isOfStore).map(\.accepted.worker))
    for (accepted, damage) in rejected
    where !damage.isOfStore || (storeVictims.count == 1 && !soundWorkers.subtracting(storeVictims).isEmpty) {
      rejections[accepted.worker, default: []].insert(RejectedTile(pass: work.pass, tile: accepted.result.tile))
    }
    for worker in Set(rejected.map(\.accepted.worker)) {
      let count = rejections[worker]?.count ?? 0
      let last = rejected.last { $0.accepted.worker == worker }?.damage.reason ?? ""
      if count >= Quarantine.mostRejections {
        addQuarantine(worker, Quarantine.reason(rejections: count, last: last))
      }
    }
    for (accepted, damage) in rejected where !quarantinesInForce.contains(accepted.worker) {
      guard let run = runs[work.claim.run.id] else { return }
      let receipt = try noteFailure(accepted.result, .corrupt, damage.reason, of: run, isRejection: true)
      if receipt == .dead { return }
    }
  }
}
