public import FleetContracts
internal import Synchronization

/// A `JobQueue` inside the process: the same promises as the broker's, as far as a process can keep them. Messages live as
/// long as their `InMemoryBroker`.
public final class InMemoryJobQueue: JobQueue {
  private let broker: InMemoryBroker
  private let connection = Mutex(Connection())

  private struct Connection {
    var subscriptions: [InMemorySubscription] = []
    var endOfAnnouncements: [@Sendable () -> Void] = []
    var isClosed = false
  }

  /// A connection to `broker`; closing it returns what its consumers hold.
  public init(broker: InMemoryBroker = InMemoryBroker()) { self.broker = broker }

  public func prepare() async throws { try checkOpen() }

  public func publish(_ message: QueueMessage, to queue: QueueName) async throws {
    try Task.checkCancellation()
    try checkOpen()
    try message.check(largest: queue.largestBody)
    broker.update(queue) { $0.append(message) }
  }

  public func publish(_ messages: [QueueMessage], to queue: QueueName) async throws {
    for message in messages { try await publish(message, to: queue) }
  }

  public func subscribe(to queue: QueueName, prefetch: Int) async throws -> any Subscription {
    guard prefetch > 0 else {
      throw JobQueueError.refused(
        "a consumer of \(queue.rawValue) asked for \(prefetch) deliveries at once; 1 is the least.")
    }
    return try connection.withLock { connection in
      guard !connection.isClosed else { throw JobQueueError.closed }
      let subscription = InMemorySubscription(broker: broker, queue: queue, prefetch: prefetch)
      connection.subscriptions.append(subscription)
      return subscription
    }
  }

  public func status(of queue: QueueName) async -> QueueStatus? {
    guard !connection.withLock({ $0.isClosed }) else { return nil }
    return broker.update(queue) { $0.status }
  }

  public func condition() async -> BrokerCondition { connection.withLock { $0.isClosed } ? .away : .ready }

  public func announce(_ announcement: Announcement) async throws {
    try checkOpen()
    let message = try QueueMessage(announcement)
    guard message.body.count <= QueueMessage.largestBody else {
      throw JobQueueError.tooLarge(bytes: message.body.count)
    }
    broker.announcements.announce(announcement)
  }

  public func announcements() async throws -> AsyncStream<Announcement> {
    try connection.withLock { connection in
      guard !connection.isClosed else { throw JobQueueError.closed }
      let (stream, end) = broker.announcements.listen()
      connection.endOfAnnouncements.append(end)
      return stream
    }
  }

  public func close() async {
    let ended = connection.withLock { connection in
      connection.isClosed = true
      defer { (connection.subscriptions, connection.endOfAnnouncements) = ([], []) }
      return connection
    }
    for subscription in ended.subscriptions { subscription.drop() }
    for end in ended.endOfAnnouncements { end() }
  }

  private func checkOpen() throws {
    if connection.withLock({ $0.isClosed }) { throw JobQueueError.closed }
  }
}

private final class InMemorySubscription: Subscription {
  private let broker: InMemoryBroker
  private let queue: QueueName
  private let consumer: Int
  private let isDropped = Mutex(false)

  init(broker: InMemoryBroker, queue: QueueName, prefetch: Int) {
    self.broker = broker
    self.queue = queue
    consumer = broker.update(queue) { $0.addConsumer(prefetch: prefetch) }
  }

  func next() async throws -> Delivery? {
    let ticket = broker.update(queue) { $0.number() }
    let item = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let willBeAnswered = broker.update(queue) { queue in
          // Cancelled before it could be struck from the list of waiters: it isn't put there.
          !Task.isCancelled && queue.enlist(continuation, of: consumer, ticket: ticket)
        }
        if !willBeAnswered { continuation.resume(returning: nil) }
      }
    } onCancel: {
      broker.update(queue) { $0.strike(ticket: ticket) }?.resume(returning: nil)
    }
    guard let item else { return nil }
    if Task.isCancelled {
      // Handed out in the moment of cancellation: nobody has seen it, so it isn't counted as delivered.
      broker.update(queue) { queue in
        if let item = queue.settle(place: item.place, of: consumer) { queue.putBack(item, countsDelivery: false) }
      }
      return nil
    }
    return delivery(item)
  }

  private func delivery(_ item: QueuedMessage) -> Delivery {
    Delivery(message: item.message, earlierDeliveries: item.earlierDeliveries, origin: item.origin) { settlement in
      try self.settle(place: item.place, settlement)
    }
  }

  func next(atMost limit: Int) async throws -> [Delivery] {
    guard let first = try await next() else { return [] }
    let more = broker.update(queue) { $0.take(atMost: limit - 1, for: consumer) }
    return [first] + more.map(delivery)
  }

  func cancel() async {
    for waiter in broker.update(queue, { $0.cancel(consumer) }) { waiter.resume(returning: nil) }
  }

  func drop() {
    isDropped.withLock { $0 = true }
    for waiter in broker.update(queue, { $0.drop(consumer) }) { waiter.resume(returning: nil) }
  }

  private func settle(place: Int, _ settlement: DeliverySettlement) throws {
    let item = broker.update(queue) { queue in
      let item = queue.settle(place: place, of: consumer)
      // A dead letter stays one: there is no further place for it.
      if let item, settlement == .putBack || (settlement == .reject && self.queue == .dead) {
        queue.putBack(item, countsDelivery: true)
      }
      return item
    }
    guard let item else {
      throw isDropped.withLock { $0 } ? JobQueueError.deliveryLost : JobQueueError.settledTwice
    }
    if settlement == .reject, queue != .dead { broker.update(.dead) { $0.append(item.message, origin: queue) } }
  }
}

extension JobQueueError {
  fileprivate static var settledTwice: JobQueueError {
    .refused(
      "a delivery was acknowledged, put back or rejected that had been settled before; settle each exactly once.")
  }
}
