internal import FleetContracts

/// What other threads ask of the broker thread. Each answer is given exactly once.
enum BrokerCommand: Sendable {
  typealias Answer = CheckedContinuation<Void, any Error>

  case prepare(Ticket, Answer)
  /// The tickets of the messages follow the publication's own, without gaps.
  case publish(Ticket, [OutgoingMessage], Answer)
  /// The task that waits for `prepare` or `publish` was cancelled.
  case withdraw(Ticket)
  case subscribe(Ticket, RabbitMQConsumer, Answer)
  case unsubscribe(Ticket, CheckedContinuation<Void, Never>?)
  case settle(DeliveryKey, DeliverySettlement, of: QueueName, Answer?)
  case announce(QueueMessage)
  case listen(Ticket, AsyncStream<Announcement>.Continuation, Answer)
  case stopListening(Ticket)
  case status(QueueName, CheckedContinuation<QueueStatus?, Never>)
  /// For tests: what an operator's mistake does.
  case delete(QueueName, Answer)
  case close(CheckedContinuation<Void, Never>?)

  /// Answers a command that came after the end.
  func refuse() {
    switch self {
    case .prepare(_, let answer), .publish(_, _, let answer), .subscribe(_, _, let answer), .delete(_, let answer):
      answer.resume(throwing: JobQueueError.closed)
    case .settle(_, _, _, let answer): answer?.resume(throwing: JobQueueError.deliveryLost)
    case .listen(_, let listener, let answer):
      listener.finish()
      answer.resume(throwing: JobQueueError.closed)
    case .unsubscribe(_, let answer), .close(let answer): answer?.resume()
    case .status(_, let answer): answer.resume(returning: nil)
    case .withdraw, .announce, .stopListening: break
    }
  }
}

/// A consumer as the broker thread knows it.
struct RabbitMQConsumer: Sendable {
  var queue: QueueName
  var prefetch: UInt16
  var buffer: DeliveryBuffer
}
