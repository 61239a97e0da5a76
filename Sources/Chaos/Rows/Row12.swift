internal import RabbitMQBroker

extension Scenario {
  static let resultsRepeatedAndReordered = Scenario(
    row: 12, fault: "two aggregators; results come repeatedly and in any order",
    means: "a third consumer takes results and publishes each one to three times, later and shuffled",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .oneCompletion], seconds: 12, isQuick: true,
    needs: []
  ) { stage in
    let meddler = try Meddler(url: stage.environment["TESSERA_AMQP_URL"] ?? "", seed: stage.random)
    async let meddling = meddler.meddle()
    do {
      try await stage.startFleet(workers: 2)
      try await stage.start(.aggregator)
      for _ in 0..<3 { try await stage.submit() }
      try await stage.awaitEnds()
    } catch {
      await meddler.close()
      _ = try? await meddling
      throw error
    }
    await meddler.stop()
    let published = try await meddling
    await meddler.close()
    let stitches = try await stage.count(
      "SELECT count(*) FROM fleet.run_events WHERE state = 'stitching' AND owner IS NOT NULL AND run IN \(stage.runList)"
    )
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .oneCompletion]) + [
      Finding(
        "each run is stitched once", holds: stitches == stage.runs.count,
        "\(stitches) stitches of \(stage.runs.count) runs, after \(published.taken) results were taken and \(published.given) given back"
      )
    ]
  }
}
