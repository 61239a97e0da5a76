extension Scenario {
  static let clusterBroken = Scenario(
    row: 16,
    fault: "three brokers: the leader of the queues killed; the node that the fleet talks to cut off with the minority",
    means:
      "three nodes in network namespaces; SIGKILL of the leader; both routes between a node and the others blocked; the URL's address moves to another node",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], seconds: 200,
    needs: [.servers, .namespaces]
  ) { stage in
    let cluster = try await Cluster(in: stage.folder.appending(path: "cluster"), compose: stage.compose)
    do {
      let findings = try await play(stage, cluster)
      await stage.endProcesses()
      try await cluster.run("stop")
      return findings
    } catch {
      await stage.endProcesses()
      _ = try? await cluster.run("stop")
      throw error
    }
  }

  private static func play(_ stage: Stage, _ cluster: Cluster) async throws -> [Finding] {
    stage.environment["TESSERA_AMQP_URL"] = cluster.url
    // The reconciler must not hide a message that the brokers have lost.
    stage.environment["TESSERA_OVERDUE_SECONDS"] = "3600"
    let dispatcher = try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    let worker = try await stage.start(.worker, fault: "worker.fetched=delay:0.2")
    func inTheMiddle(_ spare: Int) async throws {
      let before = worker.count(of: "tile predicted")
      _ = try await stage.submit(spare: spare)
      try await stage.wait("a few tiles") { worker.count(of: "tile predicted") > before + 3 }
    }

    try await inTheMiddle(0)
    let leader = try await cluster.run("leader", "tessera.tiles")
    try await cluster.run("kill", leader)
    if try await cluster.run("holder") == leader { try await cluster.run("address", leader == "1" ? "2" : "1") }
    try await stage.awaitEnds(within: 180)
    try await cluster.run("boot", leader)

    try await inTheMiddle(1)
    let holder = try await cluster.run("holder")
    try await cluster.run("partition", holder)
    // A node of a minority pauses itself when it has noticed.
    try await Task.sleep(for: .seconds(12))
    try await cluster.run("address", holder == "3" ? "1" : "3")
    try await stage.awaitEnds(within: 180)
    try await cluster.run("heal")
    try await inTheMiddle(2)
    try await stage.awaitEnds(within: 180)

    let lost = dispatcher.count(of: "tiles were lost")
    // One worker with one slot: each of the two losses may repeat the tile in hand, and a result whose confirm was lost.
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], repeats: 2 * 2) + [
        Finding(
          "no confirmed message is lost", holds: lost == 0,
          "the leader was node \(leader), the minority node \(holder); \(lost) times tiles had to be dispatched again by age"
        ),
        Finding(
          "no process ended", holds: stage.processes.allSatisfy(\.isRunning), "\(stage.processes.count) processes"),
      ]
  }
}
