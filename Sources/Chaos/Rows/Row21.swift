extension Scenario {
  private static let drains = 50

  static let drained = Scenario(
    row: 21, fault: "SIGTERM during compute, \(drains) times",
    means: "a worker is asked to stop while it has a tile in hand, its successor likewise, and so on",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats, .cleanDrain], seconds: 40, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    try await stage.submit()
    var clean = 0
    for _ in 0..<drains {
      if try await stage.state(of: stage.runs.last ?? "") != "predicting" { try await stage.submit() }
      let worker = try await stage.start(.worker, fault: "worker.fetched=delay:0.05")
      try await stage.wait("a tile in hand") {
        worker.count(of: "predicting tile") > worker.count(of: "tile predicted")
      }
      worker.send(15)
      try await stage.wait("the worker to end", within: 20) { !worker.isRunning }
      if worker.exitCode == 0, worker.count(of: "predicting tile") == worker.count(of: "tile predicted") { clean += 1 }
    }
    try await stage.start(.worker)
    try await stage.awaitEnds()
    let burnt = try await stage.count(
      "SELECT coalesce(sum(t.attempts - 1), 0) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass WHERE p.run IN \(stage.runList)"
    )
    let findings = try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats])
    let begun = stage.workers().reduce(0) { $0 + $1.count(of: "predicting tile") }
    let accepted = try await stage.count(
      "SELECT count(*) FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run IN \(stage.runList)")
    return findings + [
      Finding(
        .cleanDrain, holds: clean == drains && burnt == 0 && begun == accepted,
        "\(clean) of \(drains) drains finished their tile and ended with 0; \(begun - accepted) tiles computed again, \(burnt) attempts burnt"
      )
    ]
  }
}
