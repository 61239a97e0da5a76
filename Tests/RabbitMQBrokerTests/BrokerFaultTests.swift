import FleetContracts
import Foundation
import Synchronization
import Testing

@testable import RabbitMQBroker

/// What the adapter does when the broker has an accident: each test causes a real one.
@Suite(
  .serialized, .enabled(if: PrivateBroker.isInstalled, "Install rabbitmq-server to run these tests."), .privateBroker,
  .timeLimit(.minutes(5)))
struct BrokerFaultTests {
  let events = EventLog()
  let broker: PrivateBroker
  /// A new one for each test.
  let prefix = "\(UUID().uuidString)."

  init() throws { broker = try #require(PrivateBroker.current) }

  private func connect(
    heartbeat: Duration = .seconds(10), silence: Duration = .seconds(10)
  ) throws -> RabbitMQJobQueue {
    try RabbitMQJobQueue(
      url: broker.url,
      settings: RabbitMQJobQueue.Settings(
        heartbeat: heartbeat, queuePrefix: prefix, longestPause: .milliseconds(300), silence: silence),
      onEvent: events.record)
  }

  private func message(_ number: Int) -> QueueMessage {
    QueueMessage(id: "\(number)", type: "tessera.test.v1", body: Array("\(number)".utf8))
  }

  @Test func listeningSurvivesTheBrokersDeath() async throws {
    let queue = try connect()
    try await queue.prepare()
    let stream = try await queue.announcements()
    try await broker.kill()
    // Nobody can be told now, which is no error.
    try await queue.announce(.released(worker: "missed"))
    try await broker.restart()
    try await queue.prepare()
    let speaking = Task {
      while !Task.isCancelled {
        try await queue.announce(.released(worker: "heard"))
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    for await announcement in stream {
      #expect(announcement == .released(worker: "heard"))
      break
    }
    speaking.cancel()
    await queue.close()
  }

  @Test func killedBrokerLosesNothingThatItConfirmed() async throws {
    let queue = try connect()
    try await queue.prepare()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 20)
    let received = Tally()
    let consuming = Task {
      while let delivery = try await consumer.next() {
        // Some are in hand when the broker dies.
        try await Task.sleep(for: .milliseconds(2))
        do {
          try await delivery.acknowledge()
          received.add(delivery.message.id)
        } catch JobQueueError.deliveryLost {
          continue  // it comes again
        }
      }
    }
    let confirmed = Tally()
    let count = 400
    // The second half waits for the broker's end, so that it comes in the middle on the slowest machine too.
    let deaths = Tally()
    let publishing = Task {
      try await withThrowingTaskGroup { group in
        for publisher in 0..<4 {
          group.addTask {
            for number in stride(from: publisher, to: count, by: 4) {
              while number >= count / 2, deaths.all.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
              try await queue.publish(message(number), to: .tiles)
              confirmed.add("\(number)")
            }
          }
        }
        try await group.waitForAll()
      }
    }
    while confirmed.all.count < count / 4 { try await Task.sleep(for: .milliseconds(1)) }
    try await broker.kill()
    deaths.add("killed")
    try await events.wait { if case .disconnected = $0 { true } else { false } }

    // While the broker is away: publishing waits, and gives up only when its task is cancelled; so does preparing.
    #expect(await queue.status(of: .tiles) == nil)
    #expect(confirmed.all.count < count)
    let impatient = Task { try await queue.publish(message(-1), to: .results) }
    let preparing = Task { try await queue.prepare() }
    try await Task.sleep(for: .milliseconds(50))
    impatient.cancel()
    preparing.cancel()
    await #expect(throws: CancellationError.self) { try await impatient.value }
    await #expect(throws: CancellationError.self) { try await preparing.value }
    let waiting = Task { try await queue.prepare() }

    try await broker.restart()
    try await waiting.value
    try await publishing.value
    let all = Set((0..<count).map(String.init))
    #expect(confirmed.all == all)
    let deadline = ContinuousClock.now + .seconds(60)
    while received.all != all, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(received.all == all)
    await queue.close()
    try await consuming.value
  }

  @Test func wipedBrokerIsFurnishedAnew() async throws {
    let queue = try connect()
    try await queue.prepare()
    try await queue.publish(message(1), to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let before = try #require(try await consumer.next())
    try await broker.wipe()
    try await broker.restart()
    // Nobody calls `prepare` again.
    try await queue.publish(message(2), to: .tiles)
    let after = try #require(try await consumer.next())
    #expect(after.message == message(2))
    await #expect(throws: JobQueueError.deliveryLost) { try await before.acknowledge() }
    try await after.acknowledge()
    await queue.close()
  }

  @Test func deletedQueueIsDeclaredAndConsumedAgain() async throws {
    let queue = try connect()
    try await queue.prepare()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    try await queue.delete(.tiles)
    try await events.wait { $0 == .consumerCancelled(.tiles) }
    try await queue.publish(message(1), to: .tiles)
    let delivery = try #require(try await consumer.next())
    #expect(delivery.message == message(1))
    try await delivery.acknowledge()
    #expect(events.disconnections.isEmpty)
    await queue.close()
  }

  /// Deleted and declared again in one breath, a queue may forget to tell its consumers.
  @Test func aQueueThatComesBackAtOnceBringsItsMessagesAllTheSame() async throws {
    let queue = try connect(silence: .milliseconds(500))
    let other = try connect()
    try await queue.prepare()
    try await other.prepare()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    for round in 0..<3 {
      try await other.delete(.tiles)
      for number in 0..<3 { try await other.publish(message(3 * round + number), to: .tiles) }
      for _ in 0..<3 {
        let delivery = try #require(try await consumer.next())
        try? await delivery.acknowledge()
      }
    }
    #expect(events.disconnections.isEmpty)
    await other.close()
    await queue.close()
  }

  @Test func unroutableMessageIsReturnedAndPublishedAgain() async throws {
    let queue = try connect()
    try await queue.prepare()
    for round in 1...3 {
      try await queue.delete(.results)
      // Several in flight at once, all of which are returned.
      try await withThrowingTaskGroup { group in
        for number in 0..<5 { group.addTask { try await queue.publish(message(round * 10 + number), to: .results) } }
        try await group.waitForAll()
      }
      #expect(await queue.status(of: .results)?.ready == 5)
    }
    #expect(events.contains { $0 == .returned(.results) })
    #expect(events.disconnections.isEmpty)
    await queue.close()
  }

  @Test func heartbeatIsKeptWhileAllProcessorsCompute() async throws {
    let queue = try connect(heartbeat: .seconds(1))
    try await queue.prepare()
    try await queue.publish(message(1), to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try #require(try await consumer.next())
    // Every thread of the cooperative pool is held for more than three intervals.
    await withTaskGroup { group in
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
        group.addTask { usleep(3_500_000) }
      }
    }
    try await delivery.acknowledge()
    #expect(events.disconnections.isEmpty)
    #expect(await queue.status(of: .tiles) == QueueStatus(ready: 0, consumers: 1))
    await queue.close()
  }

  @Test func silentBrokerIsGivenUpAndTakenBack() async throws {
    let queue = try connect(heartbeat: .seconds(1))
    try await queue.prepare()
    try await broker.freeze()
    let publishing = Task { try await queue.publish(message(1), to: .tiles) }
    do {
      try await events.wait { if case .disconnected = $0 { true } else { false } }
    } catch {
      Issue.record(error)
    }
    try await broker.thaw()
    try await publishing.value
    #expect(await queue.status(of: .tiles)?.ready ?? 0 >= 1)
    await queue.close()
  }

  @Test func channelThatTheBrokerClosedForALateAcknowledgementIsReplaced() async throws {
    // Half an hour of patience, shortened, for channels opened from now on.
    try await broker.control(
      "eval",
      "application:set_env(rabbit, consumer_timeout, 1000), application:set_env(rabbit, channel_tick_interval, 200).")
    let queue = try connect()
    try await queue.prepare()
    try await queue.publish(message(1), to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let late = try #require(try await consumer.next())
    try await events.wait { if case .channelClosed = $0 { true } else { false } }
    await #expect(throws: JobQueueError.deliveryLost) { try await late.acknowledge() }
    let again = try #require(try await consumer.next())
    #expect(again.message == message(1))
    #expect(again.earlierDeliveries >= 1)
    try await again.acknowledge()
    #expect(events.disconnections.isEmpty)
    await queue.close()
    try await broker.control(
      "eval",
      "application:set_env(rabbit, consumer_timeout, 1800000), application:set_env(rabbit, channel_tick_interval, 60000)."
    )
  }

  @Test func blockedBrokerIsWaitedFor() async throws {
    let queue = try connect()
    try await queue.prepare()
    try await queue.publish(message(1), to: .tiles)
    try await broker.control("set_vm_memory_high_watermark", "0.000001")
    let publishing = Task { try await queue.publish(message(2), to: .tiles) }
    try await events.wait { if case .blocked = $0 { true } else { false } }
    #expect(await queue.status(of: .tiles) == nil)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 2)
    try await broker.control("set_vm_memory_high_watermark", "absolute", "512MiB")
    try await publishing.value
    #expect(events.contains { $0 == .unblocked })
    for number in 1...2 {
      let delivery = try #require(try await consumer.next())
      #expect(delivery.message == message(number))
      try await delivery.acknowledge()
    }
    await queue.close()
  }

  @Test func wrongPasswordIsRefusedWithoutShowingIt() async throws {
    let address = try BrokerAddress(broker.url)
    let wrong = "amqp://\(address.user):sesame@\(address.host):\(address.port)/\(address.virtualHost)"
    let queue = try RabbitMQJobQueue(url: wrong, onEvent: events.record)
    let error = await #expect(throws: JobQueueError.self) { try await queue.prepare() }
    #expect(error.map { "\($0)" }?.contains("ACCESS_REFUSED") == true)
    await queue.close()
    #expect(!events.all.map(\.description).joined().contains("sesame"))
    #expect(error.map { "\($0)" }?.contains("sesame") == false)
  }

  @Test func oversizedMessageOfAStrangerGoesToTheDeadLetters() async throws {
    let queue = try connect()
    try await queue.prepare()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let stranger = try AMQPConnection(BrokerAddress(broker.url), heartbeat: 10, name: "stranger")
    let large = QueueMessage(id: "large", type: "t", body: Array(repeating: 0, count: 300_000))
    try stranger.publish(
      OutgoingMessage(message: large, queue: .tiles), ticket: Ticket(number: 1), Topology(prefix: prefix),
      channel: stranger.openChannel())
    try await events.wait { if case .oversizedMessage(.tiles, _) = $0 { true } else { false } }
    await consumer.cancel()
    let dead = try await queue.subscribe(to: .dead, prefetch: 1)
    try await #require(try await dead.next()).acknowledge()
    await queue.close()
  }
}

/// Names that several tasks collect.
private final class Tally: Sendable {
  private let names = Mutex<Set<String>>([])

  var all: Set<String> { names.withLock { $0 } }

  func add(_ name: String) { names.withLock { _ = $0.insert(name) } }
}
