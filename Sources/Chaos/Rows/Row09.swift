internal import Volumes

extension Scenario {
  static let poisonTile = Scenario(
    row: 9, fault: "a tile that kills whoever computes it, every time",
    means:
      "worker.fetched#20=kill in all workers, which a supervisor starts again; a smaller study beside it has no such tile",
    invariants: [.everyRunEnds, .oneResult, .tilesAddUp, .legalTransitions], seconds: 150, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    let poisoned = try await stage.submit()
    let small = stage.folder.appending(path: "small_0000.nii.gz")
    try TinyCase.writeImage(to: small, extent: Extent(z: 16, y: 18, x: 18), seed: stage.random)
    var healthy: [String] = []
    var crew: [ChildProcess] = []
    var crashes = 0
    let deadline = ContinuousClock.now + .seconds(400)
    while ContinuousClock.now < deadline {
      crashes += crew.count { !$0.isRunning }
      crew.removeAll { !$0.isRunning }
      while crew.count < 2 { crew.append(try stage.launch(.worker, fault: "worker.fetched#20=kill")) }
      // One healthy study after the other, all the time.
      if let last = healthy.last {
        if try await stage.state(of: last) == "completed", healthy.count < 5 {
          healthy.append(try await stage.submit(image: small))
        }
      } else {
        healthy.append(try await stage.submit(image: small))
      }
      if try await stage.state(of: poisoned) == "failed" { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    while crew.count < 2 { crew.append(try stage.launch(.worker, fault: "worker.fetched#20=kill")) }
    try await stage.awaitEnds()
    let facts =
      try await stage.ask(
        """
        SELECT r.failure_kind, (SELECT string_agg(t.tile::text, ',') FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass
          WHERE p.run = r.id AND t.state = 'dead') FROM fleet.runs r WHERE r.id = '\(poisoned)'
        """
      ).first ?? []
    let (kind, dead) = (facts.first.flatMap { $0 } ?? "none", facts.last.flatMap { $0 } ?? "none")
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .tilesAddUp, .legalTransitions], failing: [poisoned]) + [
        Finding(
          "the tile is dead, and only it; others are unharmed", holds: dead == "20" && !healthy.isEmpty,
          "dead tiles: \(dead), the run failed as \(kind) after \(crashes) crashes; \(healthy.count) studies beside it completed"
        )
      ]
  }
}
