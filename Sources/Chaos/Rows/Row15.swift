extension Scenario {
  static let brokerAlarm = Scenario(
    row: 15, fault: "the broker is short of memory, then of disk, and takes no messages",
    means:
      "rabbitmqctl set_vm_memory_high_watermark absolute 1MB, set_disk_free_limit 1000000GB, then the former limits",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats], seconds: 35
  ) { stage in
    let servers = try stage.servers()
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    let worker = try await stage.start(.worker, fault: "worker.fetched=delay:0.1")
    var stood = 0
    for (alarm, end) in [
      (["set_vm_memory_high_watermark", "absolute", "1MB"], ["set_vm_memory_high_watermark", "absolute", "512MiB"]),
      (["set_disk_free_limit", "1000000GB"], ["set_disk_free_limit", "64MiB"]),
    ] {
      let (before, blocked) = (worker.count(of: "tile predicted"), worker.count(of: "takes no messages"))
      let run = try await stage.submit()
      try await stage.wait("a few tiles") { worker.count(of: "tile predicted") > before + 3 }
      try await servers.broker(ctl: alarm)
      try await stage.wait("the worker to be told", within: 30) { worker.count(of: "takes no messages") > blocked }
      try await Task.sleep(for: .seconds(1))
      let during = try await stage.acceptedTiles(of: run)
      try await Task.sleep(for: .seconds(2))
      if try await stage.acceptedTiles(of: run) == during { stood += 1 }
      try await servers.broker(ctl: end)
      try await stage.awaitEnds()
    }
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .fewRepeats]) + [
        Finding(
          "processes wait, say so, and go on", holds: stood == 2 && stage.processes.allSatisfy(\.isRunning),
          "stood still in \(stood) of 2 alarms; the worker said so \(worker.count(of: "takes no messages")) times")
      ]
  }
}
