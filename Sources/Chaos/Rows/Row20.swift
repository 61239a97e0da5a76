internal import Foundation

extension Scenario {
  private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

  static let clocksJump = Scenario(
    row: 20, fault: "clocks are an hour ahead or behind, and jump by two",
    means:
      "libfaketime: dispatcher and aggregator differ by two hours and hold claims; a worker is killed, and its successor's clock is two hours off",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats],
    seconds: 25, needs: [.fakeTime]
  ) { stage in
    guard FileManager.default.fileExists(atPath: library) else {
      throw ChaosSkip("libfaketime isn't installed (Debian's package faketime)")
    }
    /// A process whose clock differs by so much from the others'.
    func start(_ role: Stage.Role, _ offset: String, fault: String? = nil) async throws -> ChildProcess {
      try await stage.start(
        role, fault: fault,
        settings: [
          "LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
          // Else it changes the environment when it is loaded, and Swift, which looks for the arguments beside it, finds none.
          "FAKETIME_SHARED": "/none /none",
        ])
    }
    var hours: Set<Substring> = []
    for (ahead, behind) in [("+3600s", "-3600s"), ("-3600s", "+3600s")] {
      let dispatcher = try await start(.dispatcher, ahead, fault: "dispatcher.prepared=delay:2")
      let aggregator = try await start(.aggregator, behind, fault: "stitcher.claimed=delay:2")
      let first = try await start(.worker, ahead, fault: "worker.fetched=delay:0.1")
      try await stage.submit()
      try await stage.wait("a few tiles") { first.count(of: "tile predicted") > 8 }
      // For whoever looks at the clock on the wall, the worker has jumped by two hours.
      try await stage.kill(first)
      let second = try await start(.worker, behind)
      try await stage.awaitEnds()
      for process in [dispatcher, aggregator, first, second] {
        hours.formUnion(process.logText.matches(of: #/T([0-9]{2}):/#).map(\.1))
      }
      for process in [dispatcher, aggregator, second] { try await stage.kill(process) }
    }
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats], repeats: 2)
      + [Finding("the clocks did differ", holds: hours.count > 1, "the logs name \(hours.count) different hours")]
  }
}
