extension Scenario {
  static let databaseLost = Scenario(
    row: 17, fault: "database restarted, killed, its connections cut again and again",
    means: "restart; SIGKILL and start; pg_terminate_backend of all of the fleet's connections, ten times",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], seconds: 30
  ) { stage in
    let servers = try stage.servers()
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    let worker = try await stage.start(.worker, fault: "worker.fetched=delay:0.1")
    func inTheMiddle() async throws {
      let before = worker.count(of: "tile predicted")
      try await stage.submit()
      try await stage.wait("a few tiles") { worker.count(of: "tile predicted") > before + 3 }
    }
    try await inTheMiddle()
    try await servers.database("restart")
    try await stage.awaitEnds()
    try await inTheMiddle()
    try await servers.database("kill")
    try await Task.sleep(for: .seconds(1))
    try await servers.database("start")
    try await stage.awaitEnds()
    try await inTheMiddle()
    var cut = 0
    for _ in 0..<10 {
      cut += try await stage.count(
        """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
      try await Task.sleep(for: .milliseconds(250))
    }
    try await stage.awaitEnds()
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats]) + [
        Finding(
          "no process ended", holds: stage.processes.allSatisfy(\.isRunning),
          "\(stage.processes.count) processes, \(cut) connections cut")
      ]
  }
}
