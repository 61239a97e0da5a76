import Testing
import Testkit

@testable import RabbitMQBroker

@Suite struct BackoffTests {
  @Test func pausesGrowToTheLongestAndVary() {
    var generator = SplitMix64(seed: 1)
    var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
    let pauses = (0..<40).map { _ in backoff.pause(using: &generator) }
    #expect(pauses[0] >= .milliseconds(50) && pauses[0] <= .milliseconds(100))
    #expect(pauses.allSatisfy { $0 <= .seconds(5) })
    #expect(pauses[6...].allSatisfy { $0 >= .milliseconds(2500) })
    #expect(Set(pauses[10...]).count > 20)
    backoff.reset()
    #expect(backoff.pause(using: &generator) <= .milliseconds(100))
  }
}
