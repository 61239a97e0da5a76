import FleetConformance
import FleetContracts
import Foundation
import Testing

@testable import RabbitMQBroker

/// The broker that the environment names; the laws need no rights but those on its virtual host.
private let sharedURL = ProcessInfo.processInfo.environment["TESSERA_TEST_AMQP_URL"]

@Suite(.enabled(if: sharedURL != nil, "Set TESSERA_TEST_AMQP_URL to the URL of a RabbitMQ to run these tests."))
struct RabbitMQJobQueueTests {
  @Test(arguments: JobQueueLaw.allCases) func law(_ law: JobQueueLaw) async throws {
    let url = try #require(sharedURL)
    // Queues of its own for each law, so that laws and test runs can share the broker.
    let settings = RabbitMQJobQueue.Settings(queuePrefix: "test.\(UUID().uuidString).", connectionName: "test \(law)")
    do {
      try await law.check { try RabbitMQJobQueue(url: url, settings: settings) }
    } catch {
      try await removeQueues(url, settings)
      throw error
    }
    try await removeQueues(url, settings)
  }

  @Test func identifiersThatTheProtocolCannotCarryAreRefused() async throws {
    let queue = try RabbitMQJobQueue(url: try #require(sharedURL))
    let long = String(repeating: "i", count: 256)
    for message in [
      QueueMessage(id: long, type: "t", body: []), QueueMessage(id: "i", type: long, body: []),
    ] {
      await #expect(throws: JobQueueError.self) { try await queue.publish(message, to: .tiles) }
    }
    await #expect(throws: JobQueueError.self) { _ = try await queue.subscribe(to: .tiles, prefetch: 65536) }
    await queue.close()
  }

  /// Neither a subscription nor a connection that nobody holds any more keeps messages from others.
  @Test func whatIsDroppedGivesItsDeliveriesBack() async throws {
    let url = try #require(sharedURL)
    let settings = RabbitMQJobQueue.Settings(queuePrefix: "test.\(UUID().uuidString).", connectionName: "test dropping")
    let queue = try RabbitMQJobQueue(url: url, settings: settings)
    try await queue.prepare()
    try await queue.publish(QueueMessage(id: "1", type: "t", body: []), to: .tiles)

    do {
      let forgetful = try RabbitMQJobQueue(url: url, settings: settings)
      try await forgetful.prepare()
      _ = try await queue.subscribe(to: .tiles, prefetch: 1)
      let consumer = try await forgetful.subscribe(to: .tiles, prefetch: 1)
      _ = try await consumer.next()
    }
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try await consumer.next()
    #expect(delivery?.message.id == "1")
    try await delivery?.acknowledge()
    #expect(await queue.status(of: .tiles) == QueueStatus(ready: 0, consumers: 1))
    await queue.close()
    try await removeQueues(url, settings)
  }

  private func removeQueues(_ url: String, _ settings: RabbitMQJobQueue.Settings) async throws {
    let queue = try RabbitMQJobQueue(url: url, settings: settings)
    try await queue.prepare()
    for name in QueueName.allCases { try await queue.delete(name) }
    await queue.close()
  }
}
