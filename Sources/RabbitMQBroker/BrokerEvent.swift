public import FleetContracts

/// What happens to the connection, for logs and metrics. No event has secrets or message bodies.
public enum BrokerEvent: Hashable, Sendable, CustomStringConvertible {
  /// Connected, and the queues are declared.
  case connected(BrokerAddress)
  /// The connection was lost or not made; it is tried again after `pause`.
  case disconnected(reason: String, pause: Duration)
  /// The broker takes no messages, for want of memory or disk.
  case blocked(reason: String)
  case unblocked
  /// A message found no queue; the queues are declared again and it is published again.
  case returned(QueueName)
  /// The broker refused a message, which is published again.
  case refusedMessage(QueueName)
  /// The broker ended a consumer, as it does when the queue is deleted; the queue is declared and consumed again.
  case consumerCancelled(QueueName)
  /// The broker closed a channel, as it does when an acknowledgement takes too long; it is opened again. Deliveries in hand
  /// are lost and come again.
  case channelClosed(reason: String)
  /// A queue that served nobody was deleted and made anew.
  case remade(QueueName)
  /// Messages wait in a queue and don't come to its consumers here, which start anew.
  case silent(QueueName, ready: Int)
  /// A message over the size limit came from elsewhere and went to the dead letters.
  case oversizedMessage(QueueName, bytes: UInt64)

  public var description: String {
    switch self {
    case .connected(let address): "connected to the broker at \(address)"
    case .disconnected(let reason, let pause): "no connection to the broker, next attempt in \(pause): \(reason)"
    case .blocked(let reason): "the broker takes no messages: \(reason)"
    case .unblocked: "the broker takes messages again"
    case .returned(let queue): "the broker has no queue \(queue.rawValue); declaring it again"
    case .refusedMessage(let queue): "the broker refused a message for \(queue.rawValue); publishing it again"
    case .consumerCancelled(let queue): "the broker ended the consumer of \(queue.rawValue); consuming again"
    case .channelClosed(let reason): "the broker closed a channel; opening it again: \(reason)"
    case .remade(let queue): "the queue \(queue.rawValue) served nobody; it was deleted and made anew"
    case .silent(let queue, let ready):
      "\(ready) messages wait in \(queue.rawValue) and don't come to its consumers here; consuming again on a new channel"
    case .oversizedMessage(let queue, let bytes):
      "a message of \(bytes) bytes in \(queue.rawValue) went to the dead letters"
    }
  }
}
