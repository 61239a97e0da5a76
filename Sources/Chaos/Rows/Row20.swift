internal import Foundation

extension Scenario {
  private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

  static let clocksJump = Scenario(
    row: 20, fault: "clocks jump by an hour, forwards and backwards",
    means:
      "libfaketime under all three roles; a worker's clock jumps while it works, a dispatcher's and an aggregator's while they hold claims",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats],
    seconds: 20, needs: [.fakeTime]
  ) { stage in
    guard FileManager.default.fileExists(atPath: library) else {
      throw ChaosSkip("libfaketime isn't installed (Debian's package faketime)")
    }
    /// A process whose clock goes as its file says.
    func start(_ role: Stage.Role, _ name: String, fault: String? = nil) async throws -> URL {
      let clock = stage.folder.appending(path: "\(name).clock")
      try Data("+0".utf8).write(to: clock)
      try await stage.start(
        role, fault: fault,
        settings: [
          "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock.path, "FAKETIME_CACHE_DURATION": "1",
          "FAKETIME_DONT_FAKE_MONOTONIC": "1",
          // Else it changes the environment when it is loaded, and Swift, which looks for the arguments beside it, finds none.
          "FAKETIME_SHARED": "/none /none",
        ])
      return clock
    }
    func set(_ clocks: [URL], _ text: String) throws {
      for clock in clocks { try Data(text.utf8).write(to: clock) }
    }
    let dispatcher = try await start(.dispatcher, "dispatcher", fault: "dispatcher.prepared=delay:2")
    let aggregator = try await start(.aggregator, "aggregator", fault: "stitcher.claimed=delay:2")
    let worker = try await start(.worker, "worker", fault: "worker.fetched=delay:0.05")
    for jump in ["+3600s", "-3600s", "+0"] {
      let run = try await stage.submit()
      try await stage.wait("the dispatcher to have a claim") { try await stage.state(of: run) == "preparing" }
      try set([dispatcher, worker], jump)
      try await stage.wait("the aggregator to have a claim") { try await stage.state(of: run) == "stitching" }
      try set([aggregator, worker], jump == "+3600s" ? "-3600s" : "+3600s")
      try await stage.awaitEnds()
    }
    let hours = Set(stage.workers().first?.logText.matches(of: #/T([0-9]{2}):/#).map { String($0.1) } ?? [])
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats]) + [
        Finding("the clocks did jump", holds: hours.count > 1, "the worker's log has \(hours.count) different hours")
      ]
  }
}
