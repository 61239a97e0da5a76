extension Scenario {
  static let stitcherKilled = Scenario(
    row: 13, fault: "stitcher killed before it writes, and after; a stopped one that finishes late races its successor",
    means:
      "stitcher.stitched=kill, stitcher.written=kill, stitcher.written=stop with SIGCONT after its successor has finished",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .blobsVerify, .legalTransitions, .oneCompletion, .fewRepeats],
    seconds: 20, isQuick: true, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.worker)
    let run = try await stage.submit()
    for point in ["stitcher.stitched", "stitcher.written"] {
      let victim = try await stage.start(.aggregator, fault: "\(point)=kill")
      try await stage.wait("the stitcher to die at \(point)") { victim.wasKilled }
    }
    let zombie = try await stage.start(.aggregator, fault: "stitcher.written=stop")
    try await stage.wait("the stitcher to stop") { zombie.isStopped }
    let before = try await stage.state(of: run)
    try await stage.start(.aggregator)
    try await stage.awaitEnds()
    zombie.send(18)
    try await stage.wait("the late stitcher to be refused") { zombie.logText.contains("passed to another process") }
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .blobsVerify, .legalTransitions, .oneCompletion, .fewRepeats]) + [
        Finding("nothing is completed by who doesn't commit", holds: before == "stitching", "the run was \(before)")
      ]
  }
}
