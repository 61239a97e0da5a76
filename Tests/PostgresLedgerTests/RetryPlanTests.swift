import FleetContracts
import Testing

@testable import PostgresLedger

@Suite struct RetryPlanTests {
  private func error(_ cause: PostgresError.Cause) -> PostgresError { PostgresError(cause: cause, message: "why") }

  @Test func anOutageIsWaitedThroughWithPausesThatGrow() {
    var plan = RetryPlan(patience: .seconds(60))
    var time = Duration.seconds(1000)
    var pauses: [Duration] = []
    while case .retry(let pause) = plan.decide(after: error(.outage), at: time, chance: 0.5) {
      pauses.append(pause)
      time += pause
    }
    #expect(pauses.first == .milliseconds(50))
    #expect(pauses.last == .seconds(3))
    #expect((.seconds(1060) ... .seconds(1064)).contains(time))
    #expect(plan.decide(after: error(.outage), at: time, chance: 0) == .giveUp(.unavailable("why")))
  }

  @Test func contentionIsTriedAgainAtOnceButNotForEver() {
    var plan = RetryPlan(patience: .seconds(60))
    for _ in 0..<RetryPlan.largestContention {
      guard case .retry(let pause) = plan.decide(after: error(.contention), at: .zero, chance: 0.99) else {
        Issue.record("gave up too soon")
        return
      }
      #expect(pause < .seconds(1))
    }
    guard case .giveUp(.unavailable) = plan.decide(after: error(.contention), at: .zero, chance: 0) else {
      Issue.record("didn't give up")
      return
    }
  }

  @Test func aServerThatRefusesIsntWaitedFor() {
    var plan = RetryPlan(patience: .seconds(300))
    var tries = 1
    while case .retry = plan.decide(after: error(.refused), at: .zero, chance: 0) { tries += 1 }
    #expect(tries == RetryPlan.largestRefusal)
  }

  @Test func mistakesAreNotTriedAgain() {
    var plan = RetryPlan(patience: .seconds(300))
    #expect(plan.decide(after: error(.statement), at: .zero, chance: 0) == .rethrow)
    guard case .giveUp(.notMigrated) = plan.decide(after: error(.notMigrated), at: .zero, chance: 0) else {
      Issue.record("a missing table is a matter of migration")
      return
    }
  }

  @Test(arguments: [
    ("40001", PostgresError.Cause.contention), ("40P01", .contention), ("57P01", .outage), ("08006", .outage),
    ("53300", .outage), ("53100", .outage), ("25006", .outage), ("28P01", .refused), ("3D000", .refused),
    ("42P01", .notMigrated), ("23505", .statement), ("22P02", .statement),
  ])
  func theStateTellsTheCause(state: String, cause: PostgresError.Cause) {
    #expect(PostgresError.cause(ofState: state) == cause)
  }
}
