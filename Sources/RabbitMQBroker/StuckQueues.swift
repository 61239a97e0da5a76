internal import FleetContracts

/// Queues that the broker has but can't serve.
///
/// A RabbitMQ that was killed soon after a quorum queue was made can come back with a queue that has no leader and never gets one: it
/// answers a declaration, but no consumer, and refuses messages (seen on 3.10.8). Such a queue is deleted and made anew. What
/// was in it is lost, and the ledger sends it again: the broker is disposable.
struct StuckQueues {
  /// Subscriptions in a row that a queue left without an answer before it is given up.
  static let patience = 2

  private var unanswered: [QueueName: Int] = [:]

  /// A subscription to `queue` got no answer in time.
  mutating func noAnswer(_ queue: QueueName) { unanswered[queue, default: 0] += 1 }

  /// A subscription to `queue` was answered.
  mutating func answered(_ queue: QueueName) { unanswered[queue] = nil }

  /// Queues to be made anew; they begin with new patience.
  mutating func takeGivenUp() -> [QueueName] {
    let given = QueueName.allCases.filter { unanswered[$0, default: 0] >= Self.patience }
    for queue in given { unanswered[queue] = nil }
    return given
  }
}
