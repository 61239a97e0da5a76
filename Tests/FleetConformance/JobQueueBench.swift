internal import FleetContracts
internal import Synchronization
internal import Testing

/// Connections to the broker under test, and waits that end in an error rather than never.
final class JobQueueBench: Sendable {
  private let connect: @Sendable () async throws -> any JobQueue
  private let connections = Mutex<[any JobQueue]>([])
  private let patience = Duration.seconds(60)

  init(_ connect: @escaping @Sendable () async throws -> any JobQueue) { self.connect = connect }

  /// A prepared connection, closed at the end of the test.
  func connection() async throws -> any JobQueue {
    let queue = try await connect()
    connections.withLock { $0.append(queue) }
    try await queue.prepare()
    return queue
  }

  func closeAll() async {
    for queue in connections.withLock({ $0 }) { await queue.close() }
  }

  struct NothingCame: Error, CustomStringConvertible {
    let description = "No delivery came, though one had to."
  }

  func delivery(from subscription: any Subscription) async throws -> Delivery {
    guard let delivery = try await next(of: subscription, within: patience) else { throw NothingCame() }
    return delivery
  }

  /// A quarter of a second without a delivery counts as none.
  func expectNothing(from subscription: any Subscription, sourceLocation: SourceLocation = #_sourceLocation)
    async throws
  {
    let delivery = try await next(of: subscription, within: .milliseconds(250))
    #expect(delivery == nil, sourceLocation: sourceLocation)
  }

  /// A broker may count a moment late, so the status is asked for until it fits.
  func expectStatus(
    of name: QueueName, ready: Int, consumers: Int, at queue: any JobQueue,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let expected = QueueStatus(ready: ready, consumers: consumers)
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    var status = await queue.status(of: name)
    while status != expected, clock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
      status = await queue.status(of: name)
    }
    #expect(status == expected, sourceLocation: sourceLocation)
  }

  private func next(of subscription: any Subscription, within limit: Duration) async throws -> Delivery? {
    let wait = Task { try await subscription.next() }
    let alarm = Task {
      try await Task.sleep(for: limit)
      wait.cancel()
    }
    defer { alarm.cancel() }
    return try await wait.value
  }
}

extension QueueMessage {
  static func numbered(_ number: Int) -> QueueMessage {
    QueueMessage(id: "message-\(number)", type: "tessera.test.v1", body: Array("{\"number\":\(number)}".utf8))
  }
}
