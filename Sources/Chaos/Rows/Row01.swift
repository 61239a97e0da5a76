extension Scenario {
  static let submitterKilled = Scenario(
    row: 1, fault: "submitter killed after COMMIT, before it answers; the caller tries again with the same key",
    means: "tessera submit --key with submit.committed=kill, twice, then without",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .oneCompletion], seconds: 5, isQuick: true, needs: []
  ) { stage in
    let key = "chaos-\(stage.random)-\(Int.random(in: 0..<1 << 40))"
    var killed = 0
    for _ in 0..<2 {
      if try await stage.command(stage.submission(key: key), fault: "submit.committed=kill").wasKilled { killed += 1 }
    }
    let run = try await stage.submit(key: key)
    let again = try await stage.submit(key: key)
    try await stage.startFleet()
    try await stage.awaitEnds()
    let made = try await stage.count("SELECT count(*) FROM fleet.runs WHERE idempotency_key = '\(key)'")
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .oneCompletion]) + [
      Finding(
        "one key makes one run", holds: killed == 2 && made == 1 && run == again,
        "\(killed) of 2 submitters killed, \(made) run made by 4 submissions")
    ]
  }
}
