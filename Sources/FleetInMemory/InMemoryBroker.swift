internal import FleetContracts
internal import Synchronization

/// The queues of one process: what RabbitMQ is to the fleet. Several `InMemoryJobQueue`s share one as connections would.
public final class InMemoryBroker: Sendable {
  private let queues: Mutex<[QueueName: MessageQueue]>
  let announcements = InMemoryAnnouncements()

  public init() {
    queues = Mutex(Dictionary(uniqueKeysWithValues: QueueName.allCases.map { ($0, MessageQueue()) }))
  }

  /// Changes one queue and then, with the lock released, resumes those who got something by it.
  func update<Value: Sendable>(_ name: QueueName, _ change: @Sendable (inout MessageQueue) -> Value) -> Value {
    let (value, handOuts) = queues.withLock { queues in
      let value = change(&queues[name, default: MessageQueue()])
      return (value, queues[name, default: MessageQueue()].match())
    }
    for handOut in handOuts { handOut.waiter.resume(returning: handOut.item) }
    return value
  }
}

/// A message on its way through one queue.
struct QueuedMessage: Sendable {
  /// Its place: messages that come back go before all younger ones.
  var place: Int
  var message: QueueMessage
  var earlierDeliveries = 0
  /// Of a dead letter: where it was rejected.
  var origin: QueueName?
}

/// One queue with its consumers: decides who gets what, resumes nobody.
struct MessageQueue {
  typealias Waiter = CheckedContinuation<QueuedMessage?, Never>

  struct Consumer {
    var prefetch: Int
    /// Handed out and not settled, by place.
    var unsettled: [Int: QueuedMessage] = [:]
    var isCancelled = false
  }

  private var nextPlace = 0
  /// Never delivered, oldest first.
  private var fresh = FirstInFirstOut<QueuedMessage>()
  /// Came back; youngest first, so that the oldest is taken from the end.
  private var returned: [QueuedMessage] = []
  private var consumers: [Int: Consumer] = [:]
  private var waiters: [(consumer: Int, ticket: Int, continuation: Waiter)] = []
  private var nextNumber = 0

  var status: QueueStatus {
    QueueStatus(ready: fresh.count + returned.count, consumers: consumers.values.count { !$0.isCancelled })
  }

  mutating func append(_ message: QueueMessage, origin: QueueName? = nil) {
    fresh.append(QueuedMessage(place: nextPlace, message: message, origin: origin))
    nextPlace += 1
  }

  mutating func number() -> Int {
    nextNumber += 1
    return nextNumber
  }

  mutating func addConsumer(prefetch: Int) -> Int {
    let consumer = number()
    consumers[consumer] = Consumer(prefetch: prefetch)
    return consumer
  }

  /// Enlists a waiter of `consumer`; `false` when the consumer was cancelled, so that it would wait for ever.
  mutating func enlist(_ continuation: Waiter, of consumer: Int, ticket: Int) -> Bool {
    guard consumers[consumer]?.isCancelled == false else { return false }
    waiters.append((consumer, ticket, continuation))
    return true
  }

  /// Takes a waiter off the list; `nil` when it has got its message already.
  mutating func strike(ticket: Int) -> Waiter? {
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
    return waiters.remove(at: index).continuation
  }

  /// Ends a consumer's deliveries; what it holds stays its own until settled or `drop`ped.
  /// - Returns: Its waiters, who get nothing.
  mutating func cancel(_ consumer: Int) -> [Waiter] {
    consumers[consumer]?.isCancelled = true
    if consumers[consumer]?.unsettled.isEmpty == true { consumers[consumer] = nil }
    defer { waiters.removeAll { $0.consumer == consumer } }
    return waiters.filter { $0.consumer == consumer }.map(\.continuation)
  }

  /// Removes a consumer whose connection has gone: what it holds is put back.
  mutating func drop(_ consumer: Int) -> [Waiter] {
    let left = cancel(consumer)
    for item in consumers.removeValue(forKey: consumer)?.unsettled.values ?? [:].values {
      putBack(item, countsDelivery: true)
    }
    return left
  }

  /// Takes a delivery out of the consumer's hand; `nil` when it isn't there (settled before, or the connection has gone).
  mutating func settle(place: Int, of consumer: Int) -> QueuedMessage? {
    guard let item = consumers[consumer]?.unsettled.removeValue(forKey: place) else { return nil }
    if consumers[consumer]?.isCancelled == true, consumers[consumer]?.unsettled.isEmpty == true {
      consumers[consumer] = nil
    }
    return item
  }

  mutating func putBack(_ item: QueuedMessage, countsDelivery: Bool) {
    var item = item
    if countsDelivery { item.earlierDeliveries += 1 }
    let index = returned.firstIndex { $0.place < item.place } ?? returned.endIndex
    returned.insert(item, at: index)
  }

  /// Hands messages to a consumer that doesn't wait, as far as it has room.
  mutating func take(atMost limit: Int, for consumer: Int) -> [QueuedMessage] {
    var taken: [QueuedMessage] = []
    while taken.count < limit, let owner = consumers[consumer], !owner.isCancelled,
      owner.unsettled.count < owner.prefetch,
      let item = returned.popLast() ?? fresh.popFirst()
    {
      consumers[consumer]?.unsettled[item.place] = item
      taken.append(item)
    }
    return taken
  }

  /// Gives waiting messages to waiting consumers that have room, in the order of both.
  mutating func match() -> [(waiter: Waiter, item: QueuedMessage)] {
    var handOuts: [(waiter: Waiter, item: QueuedMessage)] = []
    var index = 0
    while index < waiters.count, !(fresh.isEmpty && returned.isEmpty) {
      let waiter = waiters[index]
      guard let consumer = consumers[waiter.consumer], consumer.unsettled.count < consumer.prefetch,
        let item = returned.popLast() ?? fresh.popFirst()
      else {
        index += 1
        continue
      }
      consumers[waiter.consumer]?.unsettled[item.place] = item
      waiters.remove(at: index)
      handOuts.append((waiter.continuation, item))
    }
    return handOuts
  }
}

/// An array from whose front is taken at constant cost, on average.
private struct FirstInFirstOut<Element> {
  private var elements: [Element?] = []
  private var head = 0

  var count: Int { elements.count - head }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    defer {
      elements[head] = nil
      head += 1
      // The empty front is cut off when it is the greater part.
      if head > 64, head * 2 > elements.count {
        elements.removeFirst(head)
        head = 0
      }
    }
    return elements[head]
  }
}
