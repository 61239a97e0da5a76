internal import FleetContracts
internal import FleetMetrics
internal import Threads

/// A consumer of RabbitMQ that outlives connections. Dropping the last reference ends it, as `cancel` does.
final class RabbitMQSubscription: Subscription {
  private let id: Ticket
  private let queue: QueueName
  private let buffer: DeliveryBuffer
  private let mailbox: Mailbox<BrokerCommand>

  init(id: Ticket, queue: QueueName, buffer: DeliveryBuffer, mailbox: Mailbox<BrokerCommand>) {
    self.id = id
    self.queue = queue
    self.buffer = buffer
    self.mailbox = mailbox
  }

  deinit { mailbox.send(.unsubscribe(id, nil)) }

  func next() async throws -> Delivery? {
    guard let arrived = await buffer.take() else { return nil }
    if Task.isCancelled {
      // Handed out in the moment of cancellation.
      if !buffer.giveBack(arrived) { mailbox.send(.settle(arrived.key, .putBack, of: queue, nil)) }
      return nil
    }
    return delivery(arrived)
  }

  func next(atMost limit: Int) async throws -> [Delivery] {
    guard let first = try await next() else { return [] }
    return [first] + buffer.takeArrived(atMost: limit - 1).map(delivery)
  }

  private func delivery(_ arrived: ArrivedMessage) -> Delivery {
    let (key, queue, mailbox) = (arrived.key, queue, mailbox)
    if arrived.earlierDeliveries > 0 { FleetMetrics.redeliveries.increment(queue.rawValue) }
    return Delivery(
      message: arrived.message, earlierDeliveries: arrived.earlierDeliveries, origin: arrived.origin,
      reply: arrived.reply, routingKey: arrived.routingKey
    ) { settlement in
      try await mailbox.ask { .settle(key, settlement, of: queue, $0) }
    }
  }

  func cancel() async {
    await withCheckedContinuation { continuation in
      mailbox.sendOrRefuse(.unsubscribe(id, continuation))
    }
  }
}

extension Mailbox<BrokerCommand> {
  /// Sends a command; when the broker thread has ended, the command is answered here.
  func sendOrRefuse(_ command: BrokerCommand) {
    if !send(command) { command.refuse() }
  }

  /// Sends the command made by `command` and waits for its answer.
  func ask(_ command: (BrokerCommand.Answer) -> BrokerCommand) async throws {
    try await withCheckedThrowingContinuation { sendOrRefuse(command($0)) }
  }
}
