extension Scenario {
  static let deadlockStorm = Scenario(
    row: 18, fault: "a storm of deadlocks",
    means:
      "four sessions lock tiles, outbox and runs in the wrong order, over and over; deadlocks are looked for after 20 ms",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions], seconds: 20
  ) { stage in
    let servers = try stage.servers()
    try await servers.psql("ALTER SYSTEM SET deadlock_timeout = '20ms'", "SELECT pg_reload_conf()")
    let before = try await stage.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    try await stage.startFleet(workers: 2)
    try await stage.submit()
    try await stage.wait("tiles to be planned") {
      try await stage.count(
        "SELECT count(*) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass WHERE p.run IN \(stage.runList)") > 0
    }
    let storm = """
      DO $$ BEGIN
        FOR turn IN 1..60 LOOP
          BEGIN
            PERFORM FROM fleet.tiles WHERE state <> 'done' ORDER BY random() LIMIT 30 FOR UPDATE;
            PERFORM pg_sleep(random() * 0.02);
            PERFORM FROM fleet.runs WHERE state NOT IN ('completed', 'failed') FOR UPDATE;
            RAISE EXCEPTION 'enough';
          EXCEPTION WHEN OTHERS THEN NULL;
          END;
          PERFORM pg_sleep(random() * 0.02);
        END LOOP;
      END $$
      """
    async let one: Void = servers.psql(storm)
    async let two: Void = servers.psql(storm)
    async let three: Void = servers.psql(storm)
    async let four: Void = servers.psql(storm)
    for _ in 0..<2 { try await stage.submit() }
    _ = try await (one, two, three, four)
    try await stage.awaitEnds()
    try await servers.psql("ALTER SYSTEM RESET deadlock_timeout", "SELECT pg_reload_conf()")
    try await Task.sleep(for: .seconds(1))  // statistics are a little late
    let after = try await stage.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return try await stage.examine([.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions]) + [
      Finding(
        "the storm was one, and no process ended",
        holds: after > before && stage.processes.allSatisfy(\.isRunning), "\(after - before) deadlocks")
    ]
  }
}
