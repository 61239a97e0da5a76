internal import FleetContracts

/// Announcements have a channel of their own, opened when it is needed: a broker that refuses them, for want of rights, costs nothing else.
///
/// They are best effort: published without confirm, received without acknowledgement, into a queue that goes with the connection.
extension BrokerLoop {
  /// Before a refused channel is tried again.
  private static let pause = Duration.seconds(5)

  func announce(_ message: QueueMessage, _ session: BrokerSession) throws(AMQPFailure) {
    guard !session.isBlocked, let channel = try announcingChannel(session) else { return }
    try session.connection.announce(message, topology, channel: channel)
  }

  /// Listens, when somebody in this process wants it and the broker doesn't know yet.
  func listenToAnnouncements() throws(AMQPFailure) {
    guard let session, !session.isBlocked, !session.isListening, !listeners.isEmpty,
      let channel = try announcingChannel(session)
    else { return }
    do throws(AMQPFailure) {
      try session.connection.listen(topology, channel: channel)
      session.isListening = true
    } catch {
      try announcingChannelRefused(error, session)
    }
  }

  /// An announcement has arrived.
  func announced(_ message: QueueMessage) {
    // One that can't be read is of a newer version, and not for this process.
    guard let announcement = try? message.announcement() else { return }
    for listener in listeners.values { listener.yield(announcement) }
  }

  /// The channel has gone; the next round opens it again, after a pause.
  func announcingChannelLost(_ session: BrokerSession) {
    session.announcing = nil
    session.isListening = false
    session.announcingNotBefore = clock.now + Self.pause
  }

  private func announcingChannel(_ session: BrokerSession) throws(AMQPFailure) -> UInt16? {
    if let channel = session.announcing { return channel }
    if let notBefore = session.announcingNotBefore, clock.now < notBefore { return nil }
    let channel = try session.connection.openChannel()
    session.announcing = channel
    do throws(AMQPFailure) {
      try session.connection.declareAnnouncements(topology, channel: channel)
      return channel
    } catch {
      try announcingChannelRefused(error, session)
      return nil
    }
  }

  private func announcingChannelRefused(_ failure: AMQPFailure, _ session: BrokerSession) throws(AMQPFailure) {
    guard case .channelClosed = failure else { throw failure }
    report(.channelClosed(reason: failure.reason))
    announcingChannelLost(session)
  }
}
