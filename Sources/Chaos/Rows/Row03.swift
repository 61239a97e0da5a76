extension Scenario {
  static let relayWithoutConfirm = Scenario(
    row: 3, fault: "relay killed between publishing and the broker's confirm; messages refused by the broker",
    means:
      "broker frozen (SIGSTOP) while a dispatcher publishes, dispatcher killed, broker thawed; then a queue that is full refuses messages",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp], seconds: 25
  ) { stage in
    let servers = try stage.servers()
    // Jobs are dispatched only for slots that are there; these begin with nothing before the queue has been full.
    for _ in 0..<3 { try await stage.start(.worker, fault: "worker.received@1=delay:20") }
    try await stage.wait("the workers to listen") { try await stage.consumersOfTiles() == 3 }
    // It rests between claiming messages and publishing them: time to freeze the broker.
    let relay = try await stage.start(.dispatcher, fault: "relay.claimed@1=delay:2")
    try await stage.start(.aggregator)
    let run = try await stage.submit()
    try await stage.wait("messages to be claimed") {
      try await stage.count("SELECT count(*) FROM fleet.outbox WHERE claimed_until IS NOT NULL") > 0
    }
    try await servers.broker("freeze")
    try await Task.sleep(for: .seconds(2.5))
    try await stage.kill(relay)
    try await servers.broker("thaw")
    let pending = try await stage.count("SELECT count(*) FROM fleet.outbox")

    // A full queue refuses what is published to it.
    try await servers.broker("ctl", "set_policy", "-p", "tessera", "chaos", "^tessera.tiles$", #"{"max-length":1}"#)
    let second = try await stage.start(.dispatcher)
    try await stage.wait("the broker to refuse a message") { second.count(of: "refused a message") > 0 }
    // RabbitMQ 3.10 tells its channels that a queue has room again when it was emptied, not when its limit is lifted.
    let worker = try await stage.start(.worker)
    try await stage.wait("tiles to get through") { worker.count(of: "tile predicted") > 2 }
    try await servers.broker("ctl", "clear_policy", "-p", "tessera", "chaos")
    try await stage.awaitEnds()
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp]) + [
      Finding("what wasn't confirmed stays in the outbox", holds: pending > 0, "\(pending) messages of run \(run)"),
      Finding(
        "a refused message is published again", holds: second.count(of: "refused a message") > 0,
        "refused \(second.count(of: "refused a message")) times"),
    ]
  }
}
