extension Scenario {
  static let workerFrozen = Scenario(
    row: 6, fault: "worker stopped for longer than the heartbeat, then thawed: it finishes late",
    means: "worker.computed@2=stop, SIGCONT when the broker has given it up",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .blobsVerify, .fewRepeats], seconds: 60
  ) { stage in
    let zombie = try await stage.start(.worker, fault: "worker.computed@2=stop")
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    try await stage.submit()
    try await stage.wait("the worker to stop") { zombie.isStopped }
    try await stage.start(.worker)
    try await stage.awaitEnds()
    // Heartbeats are 15 s apart, and the broker gives up after two or three.
    try await stage.wait("the broker to give the worker up", within: 90) { try await stage.consumersOfTiles() == 1 }
    zombie.send(18)
    try await stage.wait("the zombie to notice") {
      zombie.logText.contains("delivery was lost") || zombie.logText.contains("no connection to the broker")
    }
    try await Task.sleep(for: .seconds(3))
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .blobsVerify, .fewRepeats], repeats: 1) + [
        Finding(
          "the late worker lives on", holds: zombie.isRunning,
          "it said: \(zombie.logText.contains("delivery was lost") ? "its delivery was lost" : "the connection was lost")"
        )
      ]
  }
}
