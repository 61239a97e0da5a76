import Testing

@testable import RabbitMQBroker

@Suite struct OpenDeliveriesTests {
  @Test func deliveryIsSettledExactlyOnce() {
    var deliveries = OpenDeliveries()
    let key = deliveries.opened(tag: 7)
    #expect(deliveries.settle(key) == .open)
    #expect(deliveries.settle(key) == .settled)
    #expect(deliveries.count == 0)
  }

  @Test func deliveryOfAnEarlierChannelIsLostEvenIfItsNumberIsOpenAgain() {
    var deliveries = OpenDeliveries()
    let early = deliveries.opened(tag: 1)
    deliveries.channelLost()
    let late = deliveries.opened(tag: 1)
    #expect(deliveries.settle(early) == .lost)
    #expect(deliveries.settle(late) == .open)
  }
}
