extension Scenario {
  static let aggregatorKilled = Scenario(
    row: 11, fault: "aggregator killed before its COMMIT, and after it before the acknowledgement",
    means: "aggregator.received@3=kill, aggregator.committed@3=kill, then one without",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats], seconds: 8, isQuick: true, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.worker)
    try await stage.submit()
    for point in ["aggregator.received", "aggregator.committed"] {
      let victim = try await stage.start(.aggregator, fault: "\(point)@3=kill")
      try await stage.wait("the aggregator to die at \(point)") { victim.wasKilled }
    }
    try await stage.start(.aggregator)
    try await stage.awaitEnds()
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats])
  }
}
