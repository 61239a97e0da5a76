extension Scenario {
  private static let hour: Int64 = 3600

  static let clocksJump = Scenario(
    row: 20, fault: "clocks are an hour ahead or behind, and jump by two",
    means:
      "a preloaded library shifts the wall clock of each process: dispatcher, aggregator and worker are an hour ahead or behind, and jump by two hours while they hold claims and have tiles in hand; a worker is killed, and its successor's clock is two hours off",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats],
    seconds: 25, needs: [.compiler]
  ) { stage in
    let ahead = try await ShiftedClock("ahead", in: stage.folder, ahead: hour)
    let behind = try await ShiftedClock("behind", in: stage.folder, ahead: -hour)
    var hours: Set<Substring> = []
    for (one, other) in [(ahead, behind), (behind, ahead)] {
      let dispatcher = try await stage.start(
        .dispatcher, fault: "dispatcher.prepared=delay:2", settings: one.settings)
      let aggregator = try await stage.start(.aggregator, fault: "stitcher.claimed=delay:2", settings: other.settings)
      let first = try await stage.start(.worker, fault: "worker.fetched=delay:0.1", settings: one.settings)
      let run = try await stage.submit()
      try await stage.wait("the run to be claimed") { try await stage.state(of: run) == "preparing" }
      // Under the claim of a dispatcher that is an hour ahead, its clock goes back by two, and the aggregator's forward.
      try ahead.set(-hour)
      try behind.set(hour)
      try await stage.wait("a few tiles") { first.count(of: "tile predicted") > 8 }
      try ahead.set(hour)
      try behind.set(-hour)
      try await stage.wait("a few more tiles") { first.count(of: "tile predicted") > 12 }
      // For whoever looks at the clock on the wall, the worker has jumped by two hours.
      try await stage.kill(first)
      let second = try await stage.start(.worker, settings: other.settings)
      try await stage.wait("the run to be stitched") { try await stage.state(of: run) == "stitching" }
      try ahead.set(-hour)
      try behind.set(hour)
      try await stage.awaitEnds()
      for process in [dispatcher, aggregator, first, second] {
        hours.formUnion(process.logText.matches(of: #/T([0-9]{2}):/#).map(\.1))
      }
      for process in [dispatcher, aggregator, second] { try await stage.kill(process) }
      try ahead.set(hour)
      try behind.set(-hour)
    }
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats], repeats: 2)
      + [Finding("the clocks did differ", holds: hours.count > 1, "the logs name \(hours.count) different hours")]
  }
}
