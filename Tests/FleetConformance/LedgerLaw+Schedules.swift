extension LedgerLaw {
  /// Random schedules, one law for each seed: the longer list is for hours in which nobody waits.
  ///
  /// A broken promise names its step; `LedgerLaw.schedules(seeds: seed...seed, steps: step)` comes to the same one again.
  public static func schedules(seeds: ClosedRange<UInt64>, steps: Int) -> [LedgerLaw] {
    seeds.map { seed in
      LedgerLaw("random schedule with seed \(seed) keeps all promises after each of \(steps) steps") { bench in
        var schedule = try await RandomSchedule(seed: seed, bench: bench)
        try await schedule.run(steps: steps)
      }
    }
  }

  /// What the schedule of one seed meets.
  public static func rareEvents(seed: UInt64, steps: Int, bench: LedgerBench) async throws -> RareEvents {
    var schedule = try await RandomSchedule(seed: seed, bench: bench)
    return try await schedule.run(steps: steps)
  }
}
