extension Scenario {
  private static let points = [
    "worker.received", "worker.fetched", "worker.computed", "worker.stored", "worker.published", "worker.acknowledged",
  ]

  static let workerKilled = Scenario(
    row: 5, fault: "worker killed at each of six points of a tile's way",
    means: "\(points.joined(separator: ", ")): a worker with POINT@2=kill for each, then one without",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions, .fewRepeats],
    seconds: 10, isQuick: true, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    try await stage.submit()
    for point in points {
      let victim = try await stage.start(.worker, fault: "\(point)@2=kill")
      try await stage.wait("the worker to die at \(point)") { victim.wasKilled }
    }
    try await stage.start(.worker)
    try await stage.awaitEnds()
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions, .fewRepeats],
      repeats: points.count)
  }
}
