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
        try putIntoOutbox(index, of: id)
        passes[id]?.tiles[index].isHedged = true
        hedged += 1
      }
    }
    return hedged
  }
}
