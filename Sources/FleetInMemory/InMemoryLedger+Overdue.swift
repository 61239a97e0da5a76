public import FleetContracts

extension InMemoryLedger {
  public func requeueOverdueTiles(_ rule: OverdueRule) async throws -> Int {
    let (now, speeds) = (now, try await speeds())
    var published: [(pass: PassID, tile: Int, age: Duration, limit: Duration)] = []
    for run in order.compactMap({ runs[$0] }) where run.record.state == .predicting {
      guard let id = run.passes.last, let pass = passes[id] else { continue }
      let limit = rule.limit(speeds.models[pass.model], operations: pass.tileOperations)
      for (index, tile) in pass.tiles.enumerated() where tile.state == .queued {
        if let publishedAt = tile.publishedAt { published.append((id, index, now - publishedAt, limit)) }
      }
    }
    let unbegun = published.filter { $0.age <= rule.longest }.sorted { $0.age < $1.age }.prefix(max(0, rule.waiting))
    let overdue = published.filter { tile in
      tile.age > tile.limit && !unbegun.contains { $0.pass == tile.pass && $0.tile == tile.tile }
    }
    for tile in overdue {
      try passes[tile.pass]?.tiles[tile.tile].state.take(.giveUpForLost)
      passes[tile.pass]?.tiles[tile.tile].publishedAt = nil
    }
    return overdue.count
  }
}
