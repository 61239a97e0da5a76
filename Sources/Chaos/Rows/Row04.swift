extension Scenario {
  static let queueDeleted = Scenario(
    row: 4, fault: "queue deleted while messages are published to it",
    means: "rabbitmqctl delete_queue between claiming and publishing",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp], seconds: 25
  ) { stage in
    let servers = try stage.servers()
    // Jobs are dispatched only for slots that are there.
    let worker = try await stage.start(.worker)
    try await stage.wait("the worker to listen") { try await stage.consumersOfTiles() == 1 }
    try await stage.start(.dispatcher, fault: "relay.claimed@1=delay:6")
    try await stage.start(.aggregator)
    try await stage.submit()
    try await stage.wait("messages to be claimed") {
      try await stage.count("SELECT count(*) FROM fleet.outbox WHERE claimed_until IS NOT NULL") > 0
    }
    // Stopped while it is deleted: so it is the dispatcher that misses the queue, at its next look or when a message comes back.
    worker.send(19)
    try await servers.broker("ctl", "delete_queue", "tessera.tiles", "-p", "tessera")
    try await Task.sleep(for: .seconds(7))
    worker.send(18)
    try await stage.wait("a tile") { worker.count(of: "tile predicted") > 3 }
    // And once more under a worker's consumer, with jobs in it.
    try await servers.broker("ctl", "delete_queue", "tessera.tiles", "-p", "tessera")
    try await stage.awaitEnds()
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp])
  }
}
