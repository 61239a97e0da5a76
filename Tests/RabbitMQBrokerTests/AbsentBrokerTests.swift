import FleetContracts
import Foundation
import Testing

@testable import RabbitMQBroker

/// A broker that isn't there: a port of loopback at which nobody listens.
@Suite struct AbsentBrokerTests {
  let events = EventLog()

  private func connect() throws -> RabbitMQJobQueue {
    try RabbitMQJobQueue(
      url: "amqp://user:sesame@127.0.0.1:1/", settings: RabbitMQJobQueue.Settings(longestPause: .milliseconds(1)),
      onEvent: events.record)
  }

  @Test func closingEndsEveryWait() async throws {
    let queue = try connect()
    let subscription = try await queue.subscribe(to: .tiles, prefetch: 1)
    let preparing = Task { try await queue.prepare() }
    let publishing = Task { try await queue.publish(QueueMessage(id: "1", type: "t", body: []), to: .tiles) }
    let next = Task { try await subscription.next() }
    #expect(await queue.status(of: .tiles) == nil)
    try await Task.sleep(for: .milliseconds(20))
    await queue.close()
    await #expect(throws: JobQueueError.closed) { try await preparing.value }
    await #expect(throws: JobQueueError.closed) { try await publishing.value }
    #expect(try await next.value == nil)
  }

  @Test func attemptsLeaveNoDescriptorsBehind() async throws {
    let queue = try connect()
    try await events.wait { _ in events.disconnections.count > 5 }
    let before = try openDescriptors()
    try await events.wait { _ in events.disconnections.count > 300 }
    // Other tests of this process open and close files meanwhile.
    #expect(try openDescriptors() < before + 100)
    await queue.close()
    #expect(!events.all.map(\.description).joined().contains("sesame"))
  }

  private func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }
}
