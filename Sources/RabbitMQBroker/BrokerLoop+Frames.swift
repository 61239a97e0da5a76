internal import FleetContracts

extension BrokerLoop {
  /// Does what a frame of the broker asks for.
  func handle(_ frame: AMQPFrame) throws(AMQPFailure) {
    guard let session else { return }
    switch frame {
    case .delivered(let channel, _, _, _, _) where channel == session.announcing:
      session.assemblers[channel, default: MessageAssembler()].begin(.announced)
    case .delivered(let channel, let consumer, let tag, let isRedelivered, let routingKey):
      guard channel == session.consuming else { return }
      session.assemblers[channel, default: MessageAssembler()]
        .begin(.delivered(consumer: consumer, tag: tag, isRedelivered: isRedelivered, routingKey: routingKey))
    case .returned(let channel):
      guard channel == session.publishing else { return }
      session.assemblers[channel, default: MessageAssembler()].begin(.returned)
    case .header(let channel, let properties, let size):
      if let message = session.assemblers[channel]?.header(properties, size: size) { try arrived(message, session) }
    case .body(let channel, let bytes):
      if let message = session.assemblers[channel]?.body(bytes) { try arrived(message, session) }
    case .acknowledged(let channel, let tag, let multiple):
      guard channel == session.publishing else { return }
      try answered(tag: tag, multiple: multiple, isAck: true, session)
    case .refused(let channel, let tag, let multiple):
      guard channel == session.publishing else { return }
      try answered(tag: tag, multiple: multiple, isAck: false, session)
    case .consumerCancelled(let channel, let tag):
      guard channel == session.consuming, let consumer = consumers.cancelledByBroker(tag) else { return }
      report(.consumerCancelled(consumer.queue))
    case .channelClosed(let channel, _, let text):
      try session.connection.confirmClosed(channel: channel)
      report(.channelClosed(reason: text))
      try reopen(channel, session)
    case .connectionClosed(let code, let text):
      session.connection.confirmClosed()
      throw .connectionClosed(code: code, text: text)
    case .blocked(let reason):
      session.isBlocked = true
      report(.blocked(reason: reason))
    case .unblocked:
      session.isBlocked = false
      report(.unblocked)
    case .other: break
    }
  }

  private func arrived(_ message: MessageAssembler.Message, _ session: BrokerSession) throws(AMQPFailure) {
    switch message.origin {
    case .returned:
      guard let number = UInt64(message.properties.correlation) else { return }
      if let queue = confirms.returned(Ticket(number: number)) { report(.returned(queue)) }
    case .announced:
      announced(QueueMessage(id: message.properties.id, type: message.properties.type, body: message.body))
    case .delivered(let tag, let number, let isRedelivered, let routingKey):
      let key = deliveries.opened(tag: number)
      guard let (_, consumer) = consumers.owner(of: tag) else {
        // For a consumer that was cancelled meanwhile.
        _ = deliveries.settle(key)
        return try session.connection.putBack(tag: number, channel: session.consuming)
      }
      silent.delivered(consumer.queue, now: clock.now)
      guard message.size <= UInt64(consumer.queue.largestBody) || consumer.queue == .dead else {
        _ = deliveries.settle(key)
        report(.oversizedMessage(consumer.queue, bytes: message.size))
        return try session.connection.reject(tag: number, channel: session.consuming)
      }
      // The count is missing at the first delivery and on classic queues; the flag alone says "at least once".
      let earlier = max(message.properties.deliveryCount ?? 0, isRedelivered ? 1 : 0)
      let content = QueueMessage(
        id: message.properties.id, type: message.properties.type, body: message.body,
        headers: message.properties.headers)
      let origin = message.properties.firstDeath.flatMap(topology.queue)
      if !consumer.buffer.put(
        ArrivedMessage(
          message: content, earlierDeliveries: earlier, origin: origin, reply: message.properties.reply,
          routingKey: routingKey, key: key))
      {
        _ = deliveries.settle(key)
        try session.connection.putBack(tag: number, channel: session.consuming)
      }
    }
  }

  private func answered(tag: UInt64, multiple: Bool, isAck: Bool, _ session: BrokerSession) throws(AMQPFailure) {
    let answer = confirms.answered(tag: tag, multiple: multiple, isAck: isAck, now: clock.now)
    for ticket in answer.confirmed { publications.confirmed(ticket)?.resume() }
    for queue in answer.refused { report(.refusedMessage(queue)) }
    if answer.isUnroutable {
      for queue in QueueName.ofTheFleet where settings.duties.contains(.fleet) { _ = try declare(queue, session) }
      for queue in [QueueName.parked, .ingest] where settings.duties.contains(.ingest) {
        _ = try declare(queue, session)
      }
    }
  }

  /// Replaces a channel that is closed.
  func reopen(_ channel: UInt16, _ session: BrokerSession) throws(AMQPFailure) {
    session.assemblers[channel] = nil
    switch channel {
    case session.consuming:
      consumingChannelLost()
      session.consuming = try session.connection.openChannel()
    case session.publishing:
      confirms.channelLost()
      session.publishing = try session.connection.openChannel()
      try session.connection.selectConfirms(channel: session.publishing)
      // An exchange that somebody has deleted is a reason for a closed channel.
      if settings.duties.contains(.events) { try declareEvents(session) }
    case session.declaring: session.declaring = try session.connection.openChannel()
    case session.announcing: announcingChannelLost(session)
    default: break
    }
  }

  /// Makes consumers known to the broker that it doesn't know yet.
  func subscribeDueConsumers() throws(AMQPFailure) {
    guard let session, !session.isBlocked else { return }
    for (id, consumer) in consumers.due(now: clock.now) {
      // Consuming from a queue that isn't there would close the channel, with the deliveries of all consumers.
      guard try declare(consumer.queue, session) != nil else {
        consumers.failed(id, now: clock.now)
        continue
      }
      let tag = consumers.subscribing(id)
      do throws(AMQPFailure) {
        try session.connection.consume(
          consumer.queue, topology, prefetch: consumer.prefetch, consumer: tag, channel: session.consuming)
        consumers.subscribed(id)
        stuck.answered(consumer.queue)
      } catch {
        if case .noAnswer = error { stuck.noAnswer(consumer.queue) }
        guard case .channelClosed(let channel, _, _) = error else { throw error }
        report(.channelClosed(reason: error.reason))
        consumers.failed(id, now: clock.now)
        // The others, too, start again on the new channel: in the next round.
        return try reopen(channel, session)
      }
    }
  }

  /// Sends what waits, as far as the window and the broker allow.
  func publishWaiting() throws(AMQPFailure) {
    guard let session, !session.isBlocked else { return }
    while let sending = confirms.nextToSend(now: clock.now) {
      try session.connection.publish(sending.outgoing, ticket: sending.ticket, topology, channel: session.publishing)
    }
  }

  private func declareEvents(_ session: BrokerSession) throws(AMQPFailure) {
    do throws(AMQPFailure) {
      try session.connection.declareTopic(topology.events, channel: session.declaring)
    } catch {
      guard case .channelClosed = error else { throw error }
      report(.channelClosed(reason: error.reason))
      session.declaring = try session.connection.openChannel()
    }
  }
}
