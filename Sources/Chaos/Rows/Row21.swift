extension Scenario {
  private static let drains = 50

  static let drained = Scenario(
    row: 21, fault: "SIGTERM during compute, \(drains) times; a second SIGTERM; a grace time that is too short",
    means:
      "a worker is asked to stop while it has a tile in hand, its successor likewise, and so on; others, at a tile of a minute, are asked twice, or have a grace time of a second",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats, .cleanDrain], seconds: 50, needs: []
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
    // A tile of a minute: who is asked twice doesn't finish it, nor does who hasn't the time.
    var abandoned = 0
    for (isAskedTwice, turn) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
      if try await stage.state(of: stage.runs.last ?? "") != "predicting" { try await stage.submit() }
      let worker = try await stage.start(
        .worker, fault: "worker.fetched=delay:60", settings: isAskedTwice ? [:] : ["TESSERA_GRACE_SECONDS": "1"])
      try await stage.wait("a tile in hand, \(turn)") { worker.count(of: "predicting tile") > 0 }
      worker.send(15)
      if isAskedTwice {
        try await stage.wait("the worker to hear it") { worker.count(of: "asked to stop") > 0 }
        worker.send(15)
      }
      try await stage.wait("the worker to end", within: 10) { !worker.isRunning }
      if worker.exitCode == 0, worker.count(of: "tile predicted") == 0 { abandoned += 1 }
    }
    try await stage.start(.worker)
    try await stage.awaitEnds()
    let burnt = try await stage.count(
      "SELECT coalesce(sum(t.attempts - 1), 0) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass WHERE p.run IN \(stage.runList)"
    )
    let findings = try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats], repeats: abandoned)
    let begun = stage.workers().reduce(0) { $0 + $1.count(of: "predicting tile") }
    let accepted = try await stage.count(
      "SELECT count(*) FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run IN \(stage.runList)")
    return findings + [
      Finding(
        .cleanDrain, holds: clean == drains && burnt == 0 && begun - accepted == abandoned,
        "\(clean) of \(drains) drains finished their tile and ended with 0; \(begun - accepted - abandoned) of their tiles computed again, \(burnt) attempts burnt"
      ),
      Finding(
        "who is asked twice, or has no time, hands the tile back and ends", holds: abandoned == 4,
        "\(abandoned) of 4 tiles handed back, to be computed once more"),
    ]
  }
}
