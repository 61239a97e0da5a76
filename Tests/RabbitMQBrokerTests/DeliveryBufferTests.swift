import FleetContracts
import Testing

@testable import RabbitMQBroker

@Suite struct DeliveryBufferTests {
  private func message(_ number: Int, channel: UInt64 = 0) -> ArrivedMessage {
    ArrivedMessage(
      message: QueueMessage(id: "\(number)", type: "t", body: []), earlierDeliveries: 0,
      key: DeliveryKey(channel: channel, tag: UInt64(number)))
  }

  @Test func messagesAreTakenInOrder() async {
    let buffer = DeliveryBuffer()
    for number in 1...3 { #expect(buffer.put(message(number))) }
    for number in 1...3 { #expect(await buffer.take()?.message.id == "\(number)") }
  }

  @Test func messageGivenBackIsTheNext() async {
    let buffer = DeliveryBuffer()
    #expect(buffer.put(message(2)))
    #expect(buffer.giveBack(message(1)))
    #expect(await buffer.take()?.message.id == "1")
  }

  @Test func lostChannelVoidsWhatLiesThere() async {
    let buffer = DeliveryBuffer()
    #expect(buffer.put(message(1)))
    buffer.channelLost(next: 1)
    #expect(buffer.giveBack(message(1)))
    #expect(buffer.put(message(2, channel: 1)))
    #expect(await buffer.take()?.message.id == "2")
    #expect(buffer.finish().isEmpty)
  }

  @Test func finishedBufferGivesNothingAndTakesNothing() async {
    let buffer = DeliveryBuffer()
    let waiting = Task { await buffer.take() }
    #expect(buffer.put(message(1)))
    #expect(await waiting.value?.message.id == "1")
    #expect(buffer.put(message(2)))
    #expect(buffer.finish().map(\.message.id) == ["2"])
    #expect(await buffer.take() == nil)
    #expect(!buffer.put(message(3)))
  }

  @Test func cancelledWaiterLeavesTheMessage() async {
    let buffer = DeliveryBuffer()
    let waiting = Task { await buffer.take() }
    waiting.cancel()
    #expect(await waiting.value == nil)
    #expect(buffer.put(message(1)))
    #expect(buffer.finish().count == 1)
  }
}
