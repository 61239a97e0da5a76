internal import FleetContracts

extension BrokerLoop {
  /// Does what another thread asks, with a connection. The command is answered or remembered before anything can be thrown.
  func perform(_ command: BrokerCommand) throws(AMQPFailure) {
    guard let session else { return performAway(command) }
    switch command {
    case .prepare(_, let answer): answer.resume()
    case .subscribe(let id, let consumer, let answer):
      consumers.add(id, consumer)
      defer { answer.resume() }
      try subscribeDueConsumers()
    case .unsubscribe(let id, let answer):
      defer { answer?.resume() }
      try unsubscribe(id, session)
    case .settle(let key, let settlement, let queue, let answer):
      try settle(key, settlement, of: queue, answer, session)
    case .status(let queue, let answer):
      var status: QueueStatus?
      defer { answer.resume(returning: status) }
      // A blocked broker doesn't read our question.
      if !session.isBlocked { status = try declare(queue, session) }
    case .delete(let queue, let answer):
      do throws(AMQPFailure) {
        try session.connection.delete(queue, topology, channel: session.declaring)
        answer.resume()
      } catch {
        answer.resume(throwing: refusal(error))
        throw error
      }
    case .announce(let message): try announce(message, session)
    case .listen(let id, let listener, let answer):
      listeners[id] = listener
      defer { answer.resume() }
      try listenToAnnouncements()
    case .publish, .withdraw, .stopListening, .close: performAway(command)
    }
  }

  /// Does what can be done without a connection.
  func performAway(_ command: BrokerCommand) {
    switch command {
    case .prepare(let ticket, let answer): preparing[ticket] = answer
    case .publish(let ticket, let messages, let answer): publications.add(ticket, messages, answer, to: &confirms)
    case .withdraw(let ticket):
      publications.withdraw(ticket, from: &confirms)?.resume(throwing: CancellationError())
      preparing.removeValue(forKey: ticket)?.resume(throwing: CancellationError())
    case .subscribe(let id, let consumer, let answer):
      consumers.add(id, consumer)
      answer.resume()
    case .unsubscribe(let id, let answer):
      _ = consumers.remove(id)?.consumer.buffer.finish()
      answer?.resume()
    case .settle(_, _, _, let answer): answer?.resume(throwing: JobQueueError.deliveryLost)
    case .status(_, let answer): answer.resume(returning: nil)
    case .announce: break  // nobody can be told
    case .listen(let id, let listener, let answer):
      listeners[id] = listener
      answer.resume()
    case .stopListening(let id): listeners[id] = nil
    case .delete(_, let answer): answer.resume(throwing: JobQueueError.refused("the broker is away."))
    case .close(let answer): closers = (closers ?? []) + (answer.map { [$0] } ?? [])
    }
  }

  private func unsubscribe(_ id: Ticket, _ session: BrokerSession) throws(AMQPFailure) {
    guard let (consumer, tag) = consumers.remove(id) else { return }
    let left = consumer.buffer.finish()
    if let tag {
      try session.connection.cancel(consumer: tag, channel: session.consuming, awaitsAnswer: !session.isBlocked)
    }
    for message in left where deliveries.settle(message.key) == .open {
      try session.connection.putBack(tag: message.key.tag, channel: session.consuming)
    }
  }

  private func settle(
    _ key: DeliveryKey, _ settlement: DeliverySettlement, of queue: QueueName, _ answer: BrokerCommand.Answer?,
    _ session: BrokerSession
  ) throws(AMQPFailure) {
    switch deliveries.settle(key) {
    case .lost: answer?.resume(throwing: JobQueueError.deliveryLost)
    case .settled:
      answer?.resume(
        throwing: JobQueueError.refused(
          "a delivery was acknowledged, put back or rejected that had been settled before; settle each exactly once."))
    case .open:
      do throws(AMQPFailure) {
        try tell(settlement, key.tag, of: queue, session)
        answer?.resume()
      } catch {
        answer?.resume(throwing: JobQueueError.deliveryLost)
        throw error
      }
    }
  }

  private func tell(
    _ settlement: DeliverySettlement, _ tag: UInt64, of queue: QueueName, _ session: BrokerSession
  ) throws(AMQPFailure) {
    switch settlement {
    case .acknowledge: try session.connection.acknowledge(tag: tag, channel: session.consuming)
    case .putBack: try session.connection.putBack(tag: tag, channel: session.consuming)
    case .reject:
      // A dead letter that is rejected would be dropped: there is no further place for it.
      if queue == .dead {
        try session.connection.putBack(tag: tag, channel: session.consuming)
      } else {
        try session.connection.reject(tag: tag, channel: session.consuming)
      }
    }
  }

  /// Declares a queue and returns its status; `nil` when the broker refuses, which costs the declaring channel only.
  func declare(_ queue: QueueName, _ session: BrokerSession) throws(AMQPFailure) -> QueueStatus? {
    do throws(AMQPFailure) {
      return try session.declare(queue, topology)
    } catch {
      guard case .channelClosed = error else { throw error }
      report(.channelClosed(reason: error.reason))
      session.declaring = try session.connection.openChannel()
      return nil
    }
  }
}
