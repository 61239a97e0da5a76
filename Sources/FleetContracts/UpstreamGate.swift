/// Where a sender waits for an answer, as AMQP's properties say it.
public struct ReplyAddress: Hashable, Sendable {
  /// `reply-to`: a queue's name.
  public var queue: String
  /// `correlation-id`: by which the sender knows its question.
  public var correlation: String?

  public init(queue: String, correlation: String?) {
    self.queue = queue
    self.correlation = correlation
  }
}

/// The side of the broker that other systems see: events go out, answers to submissions go back.
public protocol UpstreamGate: Sendable {
  /// Publishes events to the exchange `tessera.events`, with the routing key `run.STATE.TENANT`, in this order, and returns when the broker
  /// has taken responsibility for all. Nobody needs to listen.
  /// - Throws: as `JobQueue.publish`.
  func publish(_ events: [FleetEvent]) async throws

  /// Sends an answer; it gets lost when nobody waits for it any more.
  func answer(_ message: QueueMessage, to address: ReplyAddress) async throws
}
