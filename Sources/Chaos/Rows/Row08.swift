internal import FleetContracts
internal import RabbitMQBroker

extension Scenario {
  static let wrongBytes = Scenario(
    row: 8, fault: "a worker computes other bytes than its fellows, or NaN",
    means:
      "jobs that were done come again to a worker with worker.computed=corrupt; another worker has worker.computed@1=nan; a forged result names a blob that isn't there",
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
    try await stage.wait("the alarm") { aggregator.count(of: "two results of one tile differ") > 0 }
    try await stage.awaitEnds()
    let conflicts = try await stage.count(
      "SELECT count(*) FROM fleet.digest_conflicts c JOIN fleet.passes p ON p.id = c.pass WHERE p.run = '\(run)'")
    try await stage.kill(broken)

    let nan = try await stage.start(.worker, fault: "worker.computed@1=nan")
    let second = try await stage.submit(spare: 0)
    try await stage.start(.worker)
    try await stage.awaitEnds()
    let refused = nan.count(of: "tile failed")
    return try await stage.examine([.everyRunEnds, .sameBits, .tilesAddUp, .blobsVerify]) + [
      Finding(
        "a second digest is an alarm, never a winner", holds: conflicts > 0,
        "\(conflicts) conflicts of run \(run), whose result stayed"),
      Finding("NaN is refused where it was made", holds: refused == 1, "\(refused) tiles failed of it, run \(second)"),
    ]
  }
}
