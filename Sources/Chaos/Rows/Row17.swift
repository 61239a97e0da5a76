extension Scenario {
  static let databaseLost = Scenario(
    row: 17, fault: "database restarted, killed, its connections cut again and again; failover to a replica",
    means:
      "restart; SIGKILL and start; pg_terminate_backend of all of the fleet's connections, ten times; SIGKILL of a primary with a synchronous replica, which is promoted (target_session_attrs=read-write)",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], seconds: 60
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
    let findings =
      try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats]) + [
        Finding(
          "no process ended", holds: stage.processes.allSatisfy(\.isRunning),
          "\(stage.processes.count) processes, \(cut) connections cut")
      ]
    await stage.endProcesses()
    stage.forget()
    return findings + (try await failover(stage))
  }

  /// On servers of its own: the primary doesn't come back.
  private static func failover(_ stage: Stage) async throws -> [Finding] {
    let servers = try await PrivateServers(in: stage.folder.appending(path: "servers"), compose: stage.compose)
    do {
      let replica = try await servers.addReplica()
      stage.environment.merge(servers.environment) { $1 }
      stage.environment["TESSERA_DATABASE_URL"] = replica.eitherURL
      try await stage.inspect(database: replica.eitherURL)
      try await stage.tessera(["migrate", "up"])
      try await stage.tessera(["model", "add", stage.study.modelFolder.path, "--name", stage.study.model])
      try await stage.start(.dispatcher)
      try await stage.start(.aggregator)
      let worker = try await stage.start(.worker, fault: "worker.fetched=delay:0.1")
      let run = try await stage.submit(spare: 0)
      try await stage.wait("a few tiles") { worker.count(of: "tile predicted") > 10 }
      try await servers.database("kill")
      try await Task.sleep(for: .seconds(1))
      try await replica.promote()
      try await stage.awaitEnds()
      let findings = try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions])
      let state = try await stage.state(of: run)
      await stage.endProcesses()
      try await replica.stop()
      try await servers.stop()
      return findings + [
        Finding("the promoted replica goes on with the run", holds: state == "completed", "it is \(state)")
      ]
    } catch {
      await stage.endProcesses()
      _ = try? await Script.run(stage.compose.appending(path: "database"), ["stop", servers.replicaFolder.path])
      try? await servers.stop()
      throw error
    }
  }
}
