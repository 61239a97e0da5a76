internal import FleetContracts

extension BrokerLoop {
  /// Looks at queues that haven't brought anything for a while. Not while a delivery is in hand, which may be the reason.
  func lookAtSilentQueues() throws(AMQPFailure) {
    guard let session, !session.isBlocked, deliveries.count == 0 else { return }
    for queue in silent.due(Set(consumers.subscribed.map(\.queue)), now: clock.now) {
      guard let status = try declare(queue, session) else { continue }
      guard silent.found(status.ready, in: queue, now: clock.now) else { continue }
      report(.silent(queue, ready: status.ready))
      try session.connection.closeChannel(session.consuming)
      return try reopen(session.consuming, session)
    }
  }
}
