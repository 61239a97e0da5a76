internal import FleetContracts
internal import RabbitMQBroker
internal import Synchronization

/// A consumer of results that gives each back one to three times, late and shuffled: what a broker is allowed to do, done all the time.
final class Meddler: Sendable {
  private let queue: RabbitMQJobQueue
  private let seed: UInt64
  private let isStopping = Mutex(false)

  init(url: String, seed: UInt64) throws {
    queue = try RabbitMQJobQueue(url: url, settings: RabbitMQJobQueue.Settings(connectionName: "chaos"))
    self.seed = seed
  }

  /// Takes a handful of results at a time, until `stop`.
  func meddle() async throws -> (taken: Int, given: Int) {
    var random = ChaosRandom(seed: seed)
    try await queue.prepare()
    let results = try await queue.subscribe(to: .results, prefetch: 4)
    var (taken, given) = (0, 0)
    var hand: [Delivery] = []
    /// Those that were given back may come again; at some point each must be left to the aggregators.
    var seen: [String: Int] = [:]
    while !isStopping.withLock({ $0 }) {
      guard let delivery = try await next(of: results) else {
        given += try await giveBack(&hand, &random, &seen)
        continue
      }
      taken += 1
      hand.append(delivery)
      if hand.count >= 3 { given += try await giveBack(&hand, &random, &seen) }
    }
    given += try await giveBack(&hand, &random, &seen)
    await results.cancel()
    return (taken, given)
  }

  func stop() async { isStopping.withLock { $0 = true } }
  func close() async {
    await stop()
    await queue.close()
  }

  /// The next delivery, or `nil` when none comes within 100 ms.
  private func next(of results: any Subscription) async throws -> Delivery? {
    try await withThrowingTaskGroup(of: Delivery?.self) { group in
      group.addTask { try await results.next() }
      group.addTask {
        try await Task.sleep(for: .milliseconds(100))
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  private func giveBack(
    _ hand: inout [Delivery], _ random: inout ChaosRandom, _ seen: inout [String: Int]
  ) async throws -> Int {
    var messages: [QueueMessage] = []
    for delivery in hand {
      let earlier = seen[delivery.message.id, default: 0]
      seen[delivery.message.id] = earlier + 1
      let copies = earlier < 2 ? Int.random(in: 1...3, using: &random) : 1
      messages += Array(repeating: delivery.message, count: copies)
    }
    messages.shuffle(using: &random)
    for message in messages { try await queue.publish(message, to: .results) }
    for delivery in hand { try? await delivery.acknowledge() }
    hand = []
    return messages.count
  }
}
