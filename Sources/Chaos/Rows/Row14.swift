extension Scenario {
  static let brokerLost = Scenario(
    row: 14, fault: "broker restarted, killed, and wiped in the middle of runs",
    means: "stop and start; SIGKILL and start; SIGKILL, all data removed, start",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], seconds: 75
  ) { stage in
    let servers = try stage.servers()
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    let worker = try await stage.start(.worker, fault: "worker.fetched=delay:0.1")
    for action in ["stop", "kill", "wipe"] {
      let before = worker.count(of: "tile predicted")
      try await stage.submit()
      try await stage.wait("a few tiles") { worker.count(of: "tile predicted") > before + 3 }
      try await servers.broker(action)
      try await servers.broker("start")
      try await stage.awaitEnds()
    }
    // Each loss may repeat what the one slot had in hand, and what waited at the broker for it.
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], repeats: 3 * 2)
      + [
        Finding(
          "no process ended", holds: stage.processes.allSatisfy(\.isRunning), "\(stage.processes.count) processes")
      ]
  }
}
