public import FleetContracts
internal import Testing

/// What every `JobQueue` promises, as a list of laws. An implementation's tests run each of them:
///
///     @Test(arguments: JobQueueLaw.allCases) func law(_ law: JobQueueLaw) async throws {
///       let broker = InMemoryBroker()
///       try await law.check { InMemoryJobQueue(broker: broker) }
///     }
public enum JobQueueLaw: String, CaseIterable, Sendable {
  case acknowledgedMessageIsDeliveredOnce
  case messagesArriveWhole
  case headersStayWithTheirMessage
  case headersThatCannotTravelAreRefused
  case oneConsumerGetsMessagesInOrder
  case waitingConsumerIsWoken
  case deliveriesOfAClosedConnectionComeAgain
  case lateSettlementIsRefusedAsLost
  case secondSettlementIsRefused
  case prefetchLimitsDeliveriesInHand
  case putBackMessageComesAgain
  case rejectedMessageBecomesADeadLetter
  case deadLetterIsNeverDropped
  case cancelledSubscriptionEndsAndGivesBack
  case cancelledSubscriptionCanStillSettle
  case cancelledWaitLosesNothing
  case consumersShareAQueue
  case tooLargeMessageIsRefused
  case largestMessageIsCarried
  case prefetchOfNothingIsRefused
  case statusCountsMessagesAndConsumers
  case preparingTwiceIsHarmless
  case closeEndsWaitingAndPublishing
  case manyPublishersLoseNothing
  case manyMessagesArePublishedInOrder
  case whatHasArrivedIsTakenAtOnce
  case announcementReachesEverybodyWhoListens
  case announcementThatNobodyHearsIsNoError
  case closeEndsAnnouncements
  case deadLetterKnowsItsOrigin

  /// - Parameter connect: Makes a connection to one and the same broker, which has empty queues at first.
  public func check(_ connect: @escaping @Sendable () async throws -> any JobQueue) async throws {
    let bench = JobQueueBench(connect)
    do {
      try await law(bench)
    } catch {
      await bench.closeAll()
      throw error
    }
    await bench.closeAll()
  }

  private func law(_ bench: JobQueueBench) async throws {
    switch self {
    case .acknowledgedMessageIsDeliveredOnce: try await bench.acknowledgedMessageIsDeliveredOnce()
    case .messagesArriveWhole: try await bench.messagesArriveWhole()
    case .headersStayWithTheirMessage: try await bench.headersStayWithTheirMessage()
    case .headersThatCannotTravelAreRefused: try await bench.headersThatCannotTravelAreRefused()
    case .oneConsumerGetsMessagesInOrder: try await bench.oneConsumerGetsMessagesInOrder()
    case .waitingConsumerIsWoken: try await bench.waitingConsumerIsWoken()
    case .deliveriesOfAClosedConnectionComeAgain: try await bench.deliveriesOfAClosedConnectionComeAgain()
    case .lateSettlementIsRefusedAsLost: try await bench.lateSettlementIsRefusedAsLost()
    case .secondSettlementIsRefused: try await bench.secondSettlementIsRefused()
    case .prefetchLimitsDeliveriesInHand: try await bench.prefetchLimitsDeliveriesInHand()
    case .putBackMessageComesAgain: try await bench.putBackMessageComesAgain()
    case .rejectedMessageBecomesADeadLetter: try await bench.rejectedMessageBecomesADeadLetter()
    case .deadLetterIsNeverDropped: try await bench.deadLetterIsNeverDropped()
    case .cancelledSubscriptionEndsAndGivesBack: try await bench.cancelledSubscriptionEndsAndGivesBack()
    case .cancelledSubscriptionCanStillSettle: try await bench.cancelledSubscriptionCanStillSettle()
    case .cancelledWaitLosesNothing: try await bench.cancelledWaitLosesNothing()
    case .consumersShareAQueue: try await bench.consumersShareAQueue()
    case .tooLargeMessageIsRefused: try await bench.tooLargeMessageIsRefused()
    case .largestMessageIsCarried: try await bench.largestMessageIsCarried()
    case .prefetchOfNothingIsRefused: try await bench.prefetchOfNothingIsRefused()
    case .statusCountsMessagesAndConsumers: try await bench.statusCountsMessagesAndConsumers()
    case .preparingTwiceIsHarmless: try await bench.preparingTwiceIsHarmless()
    case .closeEndsWaitingAndPublishing: try await bench.closeEndsWaitingAndPublishing()
    case .manyPublishersLoseNothing: try await bench.manyPublishersLoseNothing()
    case .manyMessagesArePublishedInOrder: try await bench.manyMessagesArePublishedInOrder()
    case .whatHasArrivedIsTakenAtOnce: try await bench.whatHasArrivedIsTakenAtOnce()
    case .announcementReachesEverybodyWhoListens: try await bench.announcementReachesEverybodyWhoListens()
    case .announcementThatNobodyHearsIsNoError: try await bench.announcementThatNobodyHearsIsNoError()
    case .closeEndsAnnouncements: try await bench.closeEndsAnnouncements()
    case .deadLetterKnowsItsOrigin: try await bench.deadLetterKnowsItsOrigin()
    }
  }
}

extension JobQueueBench {
  func acknowledgedMessageIsDeliveredOnce() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .tiles)
    let first = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try await delivery(from: first)
    #expect(delivery.message == .numbered(1))
    #expect(delivery.earlierDeliveries == 0)
    try await delivery.acknowledge()
    await queue.close()

    let other = try await connection()
    let second = try await other.subscribe(to: .tiles, prefetch: 1)
    try await expectNothing(from: second)
  }

  func messagesArriveWhole() async throws {
    let queue = try await connection()
    let every = QueueMessage(id: "naïve/1/ä", type: "tessera.test.v1", body: Array(0...255) + [0, 0])
    let empty = QueueMessage(id: "empty", type: "tessera.test.v1", body: [])
    try await queue.publish(every, to: .results)
    try await queue.publish(empty, to: .results)
    let consumer = try await queue.subscribe(to: .results, prefetch: 2)
    for message in [every, empty] {
      let delivery = try await delivery(from: consumer)
      #expect(delivery.message == message)
      try await delivery.acknowledge()
    }
  }

  func headersStayWithTheirMessage() async throws {
    let queue = try await connection()
    var traced = QueueMessage(
      id: "traced", type: "tessera.test.v1", body: [1], headers: ["näme": "ü\n\"", "empty": ""])
    traced.trace = TraceContext()
    let plain = QueueMessage(id: "plain", type: "tessera.test.v1", body: [2])
    for message in [traced, plain] { try await queue.publish(message, to: .results) }
    let consumer = try await queue.subscribe(to: .results, prefetch: 2)
    let first = try await delivery(from: consumer)
    #expect(first.message == traced)
    #expect(first.message.trace == traced.trace)
    try await first.putBack()
    for _ in 0..<2 {
      let next = try await delivery(from: consumer)
      #expect(next.message == (next.message.id == "plain" ? plain : traced))
      try await next.reject()
    }
    let dead = try await queue.subscribe(to: .dead, prefetch: 2)
    for _ in 0..<2 {
      let letter = try await delivery(from: dead)
      #expect(
        letter.message == (letter.message.id == "plain" ? plain : traced), "what the broker adds isn't the sender's")
      try await letter.acknowledge()
    }
  }

  func headersThatCannotTravelAreRefused() async throws {
    let queue = try await connection()
    let long = String(repeating: "x", count: QueueMessage.largestHeaders)
    for headers in [["a": long], ["x-death": "1"], ["": "1"]] {
      let message = QueueMessage(id: "1", type: "tessera.test.v1", body: [], headers: headers)
      await #expect(throws: JobQueueError.self) { try await queue.publish(message, to: .tiles) }
    }
  }

  func oneConsumerGetsMessagesInOrder() async throws {
    let queue = try await connection()
    for number in 0..<40 { try await queue.publish(.numbered(number), to: .tiles) }
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 7)
    for number in 0..<40 {
      let delivery = try await delivery(from: consumer)
      #expect(delivery.message == .numbered(number))
      try await delivery.acknowledge()
    }
  }

  func waitingConsumerIsWoken() async throws {
    let queue = try await connection()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    async let waited = delivery(from: consumer)
    try await Task.sleep(for: .milliseconds(50))
    try await queue.publish(.numbered(1), to: .tiles)
    let delivery = try await waited
    #expect(delivery.message == .numbered(1))
    try await delivery.acknowledge()
  }

  func deliveriesOfAClosedConnectionComeAgain() async throws {
    let first = try await connection()
    for number in 0..<3 { try await first.publish(.numbered(number), to: .tiles) }
    let held = try await first.subscribe(to: .tiles, prefetch: 2)
    _ = try await delivery(from: held)
    _ = try await delivery(from: held)
    await first.close()

    let second = try await connection()
    let consumer = try await second.subscribe(to: .tiles, prefetch: 3)
    var earlier: [QueueMessage: Int] = [:]
    for _ in 0..<3 {
      let delivery = try await delivery(from: consumer)
      earlier[delivery.message] = delivery.earlierDeliveries
      try await delivery.acknowledge()
    }
    #expect(earlier[.numbered(0)] ?? 0 >= 1)
    #expect(earlier[.numbered(1)] ?? 0 >= 1)
    #expect(earlier[.numbered(2)] == 0)
  }

  func lateSettlementIsRefusedAsLost() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try await delivery(from: consumer)
    await queue.close()
    await #expect(throws: JobQueueError.deliveryLost) { try await delivery.acknowledge() }
    await #expect(throws: JobQueueError.deliveryLost) { try await delivery.putBack() }
    await #expect(throws: JobQueueError.deliveryLost) { try await delivery.reject() }
  }

  func secondSettlementIsRefused() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try await delivery(from: consumer)
    try await delivery.acknowledge()
    await #expect(throws: JobQueueError.self) { try await delivery.putBack() }
    // The consumer is none the worse for it.
    try await queue.publish(.numbered(2), to: .tiles)
    let next = try await self.delivery(from: consumer)
    #expect(next.message == .numbered(2))
    #expect(next.earlierDeliveries == 0)
    try await next.acknowledge()
  }

  func prefetchLimitsDeliveriesInHand() async throws {
    let queue = try await connection()
    for number in 0..<5 { try await queue.publish(.numbered(number), to: .tiles) }
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 2)
    let first = try await delivery(from: consumer)
    let second = try await delivery(from: consumer)
    try await expectNothing(from: consumer)
    try await first.acknowledge()
    let third = try await delivery(from: consumer)
    try await expectNothing(from: consumer)
    try await second.acknowledge()
    try await third.acknowledge()
  }

  func putBackMessageComesAgain() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let first = try await delivery(from: consumer)
    try await first.putBack()
    let second = try await delivery(from: consumer)
    #expect(second.message == .numbered(1))
    #expect(second.earlierDeliveries >= 1)
    try await second.acknowledge()
    try await expectNothing(from: consumer)
  }

  func rejectedMessageBecomesADeadLetter() async throws {
    let queue = try await connection()
    for (name, number) in [(QueueName.tiles, 1), (.results, 2)] {
      try await queue.publish(.numbered(number), to: name)
      let consumer = try await queue.subscribe(to: name, prefetch: 1)
      try await delivery(from: consumer).reject()
      let dead = try await queue.subscribe(to: .dead, prefetch: 1)
      let letter = try await delivery(from: dead)
      #expect(letter.message == .numbered(number))
      try await letter.acknowledge()
      await dead.cancel()
      try await expectNothing(from: consumer)
    }
  }

  func deadLetterIsNeverDropped() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .dead)
    let dead = try await queue.subscribe(to: .dead, prefetch: 1)
    try await delivery(from: dead).reject()
    let again = try await delivery(from: dead)
    #expect(again.message == .numbered(1))
    try await again.acknowledge()
  }

  func cancelledSubscriptionEndsAndGivesBack() async throws {
    let queue = try await connection()
    for number in 0..<4 { try await queue.publish(.numbered(number), to: .tiles) }
    let first = try await queue.subscribe(to: .tiles, prefetch: 4)
    try await delivery(from: first).acknowledge()
    await first.cancel()
    await first.cancel()
    let afterCancel = try await first.next()
    #expect(afterCancel == nil)

    let second = try await queue.subscribe(to: .tiles, prefetch: 4)
    var rest: Set<QueueMessage> = []
    for _ in 0..<3 {
      let delivery = try await delivery(from: second)
      rest.insert(delivery.message)
      try await delivery.acknowledge()
    }
    #expect(rest == Set((1..<4).map { .numbered($0) }))
  }

  func cancelledSubscriptionCanStillSettle() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .tiles)
    try await queue.publish(.numbered(2), to: .tiles)
    let first = try await queue.subscribe(to: .tiles, prefetch: 2)
    let kept = try await delivery(from: first)
    let returned = try await delivery(from: first)
    await first.cancel()
    try await kept.acknowledge()
    try await returned.putBack()

    let second = try await queue.subscribe(to: .tiles, prefetch: 2)
    let again = try await delivery(from: second)
    #expect(again.message == returned.message)
    try await again.acknowledge()
    try await expectNothing(from: second)
  }

  /// Waits that are cancelled while messages arrive: each message is delivered to someone.
  func cancelledWaitLosesNothing() async throws {
    let queue = try await connection()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    var received: [QueueMessage] = []
    let count = 30
    for number in 0..<count {
      let wait = Task { try await consumer.next() }
      async let published: Void = queue.publish(.numbered(number), to: .tiles)
      // From "long before the message" to "long after it".
      if number % 3 > 0 { try await Task.sleep(for: .microseconds(number * 100)) }
      wait.cancel()
      if let delivery = try await wait.value {
        received.append(delivery.message)
        try await delivery.acknowledge()
      }
      try await published
    }
    while received.count < count {
      let delivery = try await delivery(from: consumer)
      received.append(delivery.message)
      try await delivery.acknowledge()
    }
    #expect(Set(received).count == count)
    try await expectNothing(from: consumer)
  }

  func consumersShareAQueue() async throws {
    let publisher = try await connection()
    let other = try await connection()
    let consumers = [
      try await publisher.subscribe(to: .tiles, prefetch: 1), try await publisher.subscribe(to: .tiles, prefetch: 1),
      try await other.subscribe(to: .tiles, prefetch: 1),
    ]
    for number in 0..<3 { try await publisher.publish(.numbered(number), to: .tiles) }
    // Nobody acknowledges before all have one, so each gets exactly one.
    var held: [Delivery] = []
    for consumer in consumers { held.append(try await delivery(from: consumer)) }
    #expect(Set(held.map(\.message)) == Set((0..<3).map { .numbered($0) }))
    for delivery in held { try await delivery.acknowledge() }
  }

  func tooLargeMessageIsRefused() async throws {
    let queue = try await connection()
    let bytes = QueueMessage.largestBody + 1
    let message = QueueMessage(id: "large", type: "tessera.test.v1", body: Array(repeating: 0, count: bytes))
    await #expect(throws: JobQueueError.tooLarge(bytes: bytes)) { try await queue.publish(message, to: .tiles) }
  }

  func largestMessageIsCarried() async throws {
    let queue = try await connection()
    let body = (0..<QueueMessage.largestBody).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let message = QueueMessage(id: "largest", type: "tessera.test.v1", body: body)
    try await queue.publish(message, to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try await delivery(from: consumer)
    #expect(delivery.message == message)
    try await delivery.acknowledge()
  }

  func prefetchOfNothingIsRefused() async throws {
    let queue = try await connection()
    await #expect(throws: JobQueueError.self) { _ = try await queue.subscribe(to: .tiles, prefetch: 0) }
  }

  func statusCountsMessagesAndConsumers() async throws {
    let queue = try await connection()
    try await expectStatus(of: .tiles, ready: 0, consumers: 0, at: queue)
    for number in 0..<3 { try await queue.publish(.numbered(number), to: .tiles) }
    try await expectStatus(of: .tiles, ready: 3, consumers: 0, at: queue)
    try await expectStatus(of: .results, ready: 0, consumers: 0, at: queue)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let delivery = try await delivery(from: consumer)
    try await expectStatus(of: .tiles, ready: 2, consumers: 1, at: queue)
    try await delivery.acknowledge()
    await consumer.cancel()
    try await expectStatus(of: .tiles, ready: 2, consumers: 0, at: queue)
    await queue.close()
    let afterClose = await queue.status(of: .tiles)
    #expect(afterClose == nil)
  }

  func preparingTwiceIsHarmless() async throws {
    let queue = try await connection()
    try await queue.publish(.numbered(1), to: .tiles)
    try await queue.prepare()
    let other = try await connection()
    try await other.prepare()
    let consumer = try await other.subscribe(to: .tiles, prefetch: 1)
    try await delivery(from: consumer).acknowledge()
  }

  func closeEndsWaitingAndPublishing() async throws {
    let queue = try await connection()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    let wait = Task { try await consumer.next() }
    try await Task.sleep(for: .milliseconds(20))
    await queue.close()
    await queue.close()
    let waited = try await wait.value
    #expect(waited == nil)
    let afterClose = try await consumer.next()
    #expect(afterClose == nil)
    await consumer.cancel()
    await #expect(throws: JobQueueError.closed) { try await queue.publish(.numbered(1), to: .tiles) }
    await #expect(throws: JobQueueError.closed) { _ = try await queue.subscribe(to: .tiles, prefetch: 1) }
    await #expect(throws: JobQueueError.closed) { try await queue.prepare() }
  }

  func manyPublishersLoseNothing() async throws {
    let queue = try await connection()
    let publishers = 8
    let each = 50
    try await withThrowingTaskGroup { group in
      for publisher in 0..<publishers {
        group.addTask {
          for number in 0..<each { try await queue.publish(.numbered(publisher * each + number), to: .results) }
        }
      }
      try await group.waitForAll()
    }
    let consumer = try await queue.subscribe(to: .results, prefetch: 100)
    var received: [QueueMessage] = []
    for _ in 0..<(publishers * each) {
      let delivery = try await delivery(from: consumer)
      received.append(delivery.message)
      try await delivery.acknowledge()
    }
    #expect(Set(received) == Set((0..<publishers * each).map { .numbered($0) }))
    try await expectNothing(from: consumer)
  }

  func manyMessagesArePublishedInOrder() async throws {
    let queue = try await connection()
    try await queue.publish([], to: .tiles)
    let count = 1200
    try await queue.publish((0..<count).map { .numbered($0) }, to: .tiles)
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 100)
    for number in 0..<count {
      let delivery = try await delivery(from: consumer)
      #expect(delivery.message == .numbered(number))
      try await delivery.acknowledge()
    }
    try await expectNothing(from: consumer)
    let tooLarge = QueueMessage(
      id: "large", type: "tessera.test.v1", body: Array(repeating: 0, count: QueueMessage.largestBody + 1))
    await #expect(throws: JobQueueError.self) { try await queue.publish([.numbered(1), tooLarge], to: .tiles) }
    await queue.close()
    await #expect(throws: JobQueueError.closed) { try await queue.publish([.numbered(1)], to: .tiles) }
  }

  func whatHasArrivedIsTakenAtOnce() async throws {
    let queue = try await connection()
    let consumer = try await queue.subscribe(to: .results, prefetch: 8)
    try await queue.publish((0..<20).map { .numbered($0) }, to: .results)
    var received: [QueueMessage] = []
    var largest = 0
    while received.count < 20 {
      // Time for the rest to arrive.
      try await Task.sleep(for: .milliseconds(20))
      let deliveries = try await consumer.next(atMost: 6)
      #expect((1...6).contains(deliveries.count))
      largest = max(largest, deliveries.count)
      received += deliveries.map(\.message)
      await Delivery.acknowledge(deliveries)
    }
    #expect(received == (0..<20).map { .numbered($0) })
    #expect(largest == 6)
    await consumer.cancel()
    let afterCancel = try await consumer.next(atMost: 6)
    #expect(afterCancel.isEmpty)
  }
}
