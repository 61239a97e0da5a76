internal import FleetContracts

extension InMemoryLedger {
  public func hedgeStragglers(slots: Int) async throws -> Int {
    let running = order.compactMap { runs[$0] }.filter { $0.record.state == .predicting && !isPaused($0) }
      .compactMap(\.passes.last)
    let now = now
    var jobs = 0
    for tile in running.flatMap({ passes[$0]?.tiles ?? [] }) {
      if tile.state == .planned, tile.notBefore <= now { return 0 }
      if tile.state == .queued { jobs += tile.isHedged ? 2 : 1 }
    }
    var hedged = 0
    for id in running {
      guard let pass = passes[id], let patience = HedgePolicy.patience(pass.tiles.compactMap { $0.accepted?.seconds })
      else { continue }
      for index in pass.tiles.indices where jobs + hedged < slots {
        let tile = pass.tiles[index]
        guard tile.state == .queued, !tile.isHedged, let published = tile.publishedAt, published + patience < now else {
          continue
        }
        let voters = tile.votes.map(\.result.worker)
        let job = TileJob(
          run: pass.run, pass: id, epoch: pass.epoch, tile: index, attempt: tile.attempts + 1,
          document: pass.document, excluding: voters.isEmpty ? nil : voters)
        var message = try QueueMessage(job)
        message.trace = runs[pass.run]?.record.trace
        lastOutboxID += 1
        outbox.append(
          OutboxEntry(
            message: OutboxMessage(id: lastOutboxID, queue: .tiles, message: message), pass: id,
            tile: index))
        passes[id]?.tiles[index].attempts += 1
        passes[id]?.tiles[index].publishedAt = nil
        passes[id]?.tiles[index].isHedged = true
        hedged += 1
      }
    }
    return hedged
  }
}
