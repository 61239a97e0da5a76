extension Scenario {
  static let ackTooLate = Scenario(
    row: 7, fault: "a job takes longer than the broker waits for its acknowledgement",
    means: "consumer_timeout of 5 s, looked at every 2 s, and worker.fetched@1=delay:20",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats], seconds: 45
  ) { stage in
    let servers = try stage.servers()
    func limit(_ milliseconds: Int, tick: Int) async throws {
      try await servers.broker(ctl: [
        "eval",
        "application:set_env(rabbit, consumer_timeout, \(milliseconds)), application:set_env(rabbit, channel_tick_interval, \(tick)).",
      ])
    }
    try await limit(5000, tick: 2000)
    do {
      let worker = try await stage.start(.worker, fault: "worker.fetched@1=delay:20")
      try await stage.start(.dispatcher)
      try await stage.start(.aggregator)
      try await stage.submit()
      try await stage.wait("the broker to close the channel", within: 60) {
        worker.count(of: "the broker closed a channel") > 0
      }
      try await stage.awaitEnds()
      try await limit(1_800_000, tick: 60000)
      let closed = worker.count(of: "the broker closed a channel")
      return try await stage.examine(
        [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats], repeats: 2) + [
          // The slot is busy for 20 s; as long as it is the only one, what it is given meanwhile waits too long as well.
          Finding(
            "the closed channel is noticed and opened again, and that comes to an end",
            holds: worker.isRunning && (1...4).contains(closed),
            "closed \(closed) times")
        ]
    } catch {
      try? await limit(1_800_000, tick: 60000)
      throw error
    }
  }
}
