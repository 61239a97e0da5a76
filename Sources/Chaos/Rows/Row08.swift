internal import FleetContracts
internal import RabbitMQBroker

extension Scenario {
  static let wrongBytes = Scenario(
    row: 8, fault: "a worker computes other bytes than its fellows, or NaN",
    means:
      "jobs that were done come again to a worker with worker.computed=corrupt, and a third worker decides; another worker has worker.computed@1=nan",
    invariants: [.everyRunEnds, .sameBits, .tilesAddUp, .blobsVerify], seconds: 20, needs: []
  ) { stage in
    let queue = try await stage.broker()
    let aggregator = try await stage.start(.aggregator, fault: "stitcher.claimed@1=delay:12")
    try await stage.start(.dispatcher)
    // Copies of a few jobs, from before anybody has them.
    let run = try await stage.submit()
    let subscription = try await queue.subscribe(to: .tiles, prefetch: 2)
    var copies: [QueueMessage] = []
    while copies.count < 2, let delivery = try await subscription.next() {
      copies.append(delivery.message)
      try await queue.publish(delivery.message, to: .tiles)
      try await delivery.acknowledge()
    }
    await subscription.cancel()
    let healthy = try await stage.start(.worker)
    try await stage.wait("all tiles to be in") { try await stage.state(of: run) == "stitching" }
    try await stage.kill(healthy)
    let broken = try await stage.start(.worker, fault: "worker.computed=corrupt")
    for copy in copies { try await queue.publish(copy, to: .tiles) }
    try await stage.wait("the alarm") { aggregator.count(of: "results of a tile differ") > 0 }
    try await stage.start(.worker)
    try await stage.awaitEnds()
    let outvoted = try await stage.count("SELECT count(*) FROM fleet.quarantines WHERE released_at IS NULL")
    try await stage.kill(broken)

    try await stage.start(.worker, fault: "worker.computed@1=nan")
    let second = try await stage.submit(spare: 0)
    try await stage.start(.worker)
    try await stage.awaitEnds()
    let rejected = try await stage.count(
      "SELECT count(*) FROM fleet.rejected_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run = '\(second)'")
    return try await stage.examine([.everyRunEnds, .sameBits, .tilesAddUp, .blobsVerify]) + [
      Finding(
        "a second digest is an alarm, never a winner: who is outvoted is quarantined", holds: outvoted == 1,
        "\(outvoted) workers in quarantine after run \(run)"),
      Finding(
        "NaN is no probability: its tile is computed again", holds: rejected == 1, "\(rejected) tiles of run \(second)"),
    ]
  }
}
