import Testing

@testable import RabbitMQBroker

@Suite struct ConsumerRosterTests {
  let now = ContinuousClock.now
  var roster = ConsumerRoster<String>()
  let first = Ticket(number: 1)
  let second = Ticket(number: 2)

  @Test mutating func consumersAreDueUntilTheBrokerKnowsThem() {
    roster.add(second, "b")
    roster.add(first, "a")
    #expect(roster.due(now: now).map(\.consumer) == ["a", "b"])
    let tag = roster.subscribing(first)
    roster.subscribed(first)
    #expect(roster.due(now: now).map(\.consumer) == ["b"])
    #expect(roster.owner(of: tag)?.consumer == "a")
  }

  @Test mutating func removedConsumerOwnsNothing() {
    roster.add(first, "a")
    let tag = roster.subscribing(first)
    #expect(roster.remove(first)?.tag == tag)
    #expect(roster.owner(of: tag) == nil)
    #expect(roster.remove(first) == nil)
  }

  @Test mutating func lostChannelMakesAllDueUnderNewTags() {
    roster.add(first, "a")
    let before = roster.subscribing(first)
    roster.channelLost()
    #expect(roster.owner(of: before) == nil)
    #expect(roster.due(now: now).count == 1)
    #expect(roster.subscribing(first) != before)
  }

  @Test mutating func consumerThatTheBrokerEndedIsDueAtOnce() {
    roster.add(first, "a")
    let tag = roster.subscribing(first)
    #expect(roster.cancelledByBroker(tag) == "a")
    #expect(roster.cancelledByBroker(tag) == nil)
    #expect(roster.due(now: now).map(\.consumer) == ["a"])
  }

  @Test mutating func consumerThatTheBrokerRefusedWaitsLongerEachTime() throws {
    roster.add(first, "a")
    var pauses: [Duration] = []
    for _ in 0..<10 {
      _ = roster.subscribing(first)
      roster.failed(first, now: now)
      #expect(roster.due(now: now).isEmpty)
      pauses.append(try #require(roster.nextWake) - now)
    }
    #expect(pauses == pauses.sorted())
    #expect(pauses.first == .milliseconds(100))
    #expect(pauses.last == .seconds(5))
    #expect(roster.due(now: now + .seconds(5)).count == 1)
  }
}
