extension Scenario {
  static let cancelRaces = Scenario(
    row: 23, fault: "cancel races the last tile, and the stitch",
    means: "stitcher.stitched=stop and stitcher.written=stop, cancel, SIGCONT; then twelve cancels at random moments",
    invariants: [.nothingAfterCancel, .tilesAddUp, .legalTransitions], seconds: 30, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.worker)
    var refused = 0
    for point in ["stitcher.stitched", "stitcher.written"] {
      let stitcher = try await stage.start(.aggregator, fault: "\(point)=stop")
      let run = try await stage.submit()
      try await stage.wait("the stitcher to stop at \(point)") { stitcher.isStopped }
      try await stage.tessera(["cancel", run])
      stitcher.send(18)
      try await stage.wait("the stitcher to be refused") { stitcher.logText.contains("passed to another process") }
      refused += 1
      try await stage.kill(stitcher)
    }
    try await stage.start(.aggregator)
    var random = ChaosRandom(seed: stage.random)
    for turn in 0..<12 {
      let run = try await stage.submit()
      // A run takes about a second: some are cancelled before their first tile, some at the last one, some are over.
      let moment = Double.random(in: 0...1.2, using: &random)
      try await Task.sleep(for: .seconds(turn == 0 ? 0 : moment))
      _ = try await stage.tessera(["cancel", run])
    }
    try await stage.awaitEnds()
    try await Task.sleep(for: .seconds(1))
    let states = try await stage.ask(
      "SELECT state, count(*) FROM fleet.runs WHERE id IN \(stage.runList) GROUP BY 1 ORDER BY 1")
    let visible = try await stage.count(
      """
      SELECT count(*) FROM fleet.runs r WHERE r.id IN \(stage.runList) AND r.state = 'cancelled' AND (
        r.label_map IS NOT NULL OR r.label_voxels IS NOT NULL
        OR EXISTS (SELECT FROM fleet.label_statistics s WHERE s.run = r.id)
        OR EXISTS (SELECT FROM fleet.run_events e WHERE e.run = r.id AND e.id > (
          SELECT min(c.id) FROM fleet.run_events c WHERE c.run = r.id AND c.state = 'cancelled'))
        OR EXISTS (SELECT FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run = r.id AND x.accepted_at > r.finished_at))
      """)
    let wrong = try await stage.count(
      "SELECT count(*) FROM fleet.runs WHERE id IN \(stage.runList) AND state = 'completed' AND label_voxels <> '\(stage.study.expected ?? "")'"
    )
    let summary = states.map { "\($0[1] ?? "") \($0[0] ?? "")" }.joined(separator: ", ")
    let ended = try await stage.count(
      "SELECT count(*) FROM fleet.runs WHERE id IN \(stage.runList) AND state IN ('completed', 'cancelled')")
    return try await stage.examine([.tilesAddUp, .legalTransitions]) + [
      Finding(
        .nothingAfterCancel, holds: visible == 0 && wrong == 0 && ended == stage.runs.count,
        "\(summary); \(visible) cancelled runs show something, \(wrong) completed ones other bits"),
      Finding("a stitcher whose run was cancelled is refused", holds: refused == 2, "\(refused) of 2"),
    ]
  }
}
