import FleetConformance
import FleetContracts
import FleetInMemory
import Testing

@Suite struct InMemoryJobQueueTests {
  @Test(arguments: JobQueueLaw.allCases) func law(_ law: JobQueueLaw) async throws {
    let broker = InMemoryBroker()
    try await law.check { InMemoryJobQueue(broker: broker) }
  }

  /// A backlog of any length, and a consumer that is as quick with the last message as with the first.
  @Test func longBacklogIsHandedOutInOrder() async throws {
    let queue = InMemoryJobQueue()
    let count = 50_000
    for number in 0..<count {
      try await queue.publish(QueueMessage(id: "\(number)", type: "tessera.test.v1", body: []), to: .tiles)
    }
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    for number in 0..<count {
      let delivery = try #require(try await consumer.next())
      guard delivery.message.id == "\(number)" else {
        Issue.record("expected message \(number), got \(delivery.message.id)")
        return
      }
      try await delivery.acknowledge()
    }
  }

  @Test func returnedMessagesComeBackBeforeYoungerOnesInTheirOldOrder() async throws {
    let queue = InMemoryJobQueue()
    for number in 0..<6 {
      try await queue.publish(QueueMessage(id: "\(number)", type: "tessera.test.v1", body: []), to: .tiles)
    }
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 6)
    var held: [Delivery] = []
    for _ in 0..<4 { held.append(try #require(try await consumer.next())) }
    for index in [2, 0, 3, 1] { try await held[index].putBack() }
    var order: [String] = []
    for _ in 0..<6 { order.append(try #require(try await consumer.next()).message.id) }
    #expect(order == ["0", "1", "2", "3", "4", "5"])
  }

  @Test func separateBrokersShareNothing() async throws {
    let one = InMemoryJobQueue()
    let other = InMemoryJobQueue()
    try await one.publish(QueueMessage(id: "1", type: "tessera.test.v1", body: []), to: .tiles)
    #expect(await other.status(of: .tiles) == QueueStatus(ready: 0, consumers: 0))
  }
}
