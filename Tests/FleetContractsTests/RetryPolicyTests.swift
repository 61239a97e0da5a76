import FleetContracts
import Testing

@Suite struct RetryPolicyTests {
  @Test func pausesGrowFourfoldUpToTheLongest() {
    let transient = RetryPolicy.budget(of: .transient)
    #expect((0...8).map { transient.pause(after: $0) } == [1, 1, 4, 16, 64, 256, 300, 300, 300].map { .seconds($0) })
    #expect(transient.pause(after: .max) == .seconds(300))
    #expect(RetryPolicy.budget(of: .outOfMemory).pause(after: 1) == .seconds(4))
  }

  @Test func attemptsAreLimitedAndWhatCantBeDoneIsntTriedAgain() {
    #expect(RetryPolicy.decide(.invalid, failures: 1) == .dead)
    for kind in FailureKind.allCases where kind != .invalid {
      let budget = RetryPolicy.budget(of: kind)
      #expect(budget.attempts > 1)
      for failures in 1..<budget.attempts {
        #expect(RetryPolicy.decide(kind, failures: failures) == .again(after: budget.pause(after: failures)))
      }
      #expect(RetryPolicy.decide(kind, failures: budget.attempts) == .dead)
    }
  }

  /// An outage of two hours, such as a night's, is waited through.
  @Test func anOutageOfHoursDoesntKillATile() {
    let budget = RetryPolicy.budget(of: .transient)
    let waited = (1..<budget.attempts).reduce(Duration.zero) { $0 + budget.pause(after: $1) }
    #expect(waited > .seconds(2 * 3600))
  }
}

@Suite struct RunBreakerTests {
  private func verdict(accepted: Int, tiles: Int, _ failures: [(FailureKind, String, Int)]) -> RunFailure? {
    RunBreaker(
      acceptedTiles: accepted, failedTiles: tiles,
      failures: failures.map { RunBreaker.Failures(kind: $0.0, reason: $0.1, attempts: $0.2) }
    ).verdict
  }

  @Test func aRunWhoseAttemptsMostlyFailIsGivenUpWithTheCommonestReason() throws {
    let failure = try #require(
      verdict(accepted: 10, tiles: 20, [(.corrupt, "NaN.", 9), (.poison, "Crash.", 12), (.transient, "Away.", 99)]))
    #expect(failure.kind == .poison)
    #expect(
      failure.reason
        == "21 of 31 attempts failed, in 20 tiles, so the run is given up; the commonest reason, 12 times: Crash.")
  }

  @Test func sharesDecideAndNotCounts() {
    #expect(verdict(accepted: 1000, tiles: 300, [(.corrupt, "NaN.", 900)]) == nil)
    #expect(verdict(accepted: 1000, tiles: 300, [(.corrupt, "NaN.", 1000)]) != nil)
  }

  @Test func fewFailuresAndFewTilesSayNothingOfTheRun() {
    #expect(verdict(accepted: 0, tiles: 15, [(.corrupt, "NaN.", 15)]) == nil)
    #expect(verdict(accepted: 0, tiles: 7, [(.corrupt, "NaN.", 35)]) == nil)
    #expect(verdict(accepted: 0, tiles: 100, [(.transient, "Away.", 5000)]) == nil)
  }
}
