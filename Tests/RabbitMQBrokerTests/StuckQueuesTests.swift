import FleetContracts
import Testing

@testable import RabbitMQBroker

@Suite struct StuckQueuesTests {
  @Test func aQueueIsGivenUpAfterUnansweredSubscriptionsInARow() {
    var stuck = StuckQueues()
    stuck.noAnswer(.results)
    #expect(stuck.takeGivenUp().isEmpty)
    stuck.noAnswer(.results)
    #expect(stuck.takeGivenUp() == [.results])
    #expect(stuck.takeGivenUp().isEmpty, "a new queue has new patience")
  }

  @Test func anAnswerRestoresPatience() {
    var stuck = StuckQueues()
    stuck.noAnswer(.tiles)
    stuck.answered(.tiles)
    stuck.noAnswer(.tiles)
    #expect(stuck.takeGivenUp().isEmpty)
  }
}
