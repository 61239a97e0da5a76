internal import FleetContracts

/// Puts the frames of a channel's messages together: a method, a header that tells the size, and parts of the body.
///
/// Of a body over `largestKept` only the beginning is kept, so no sender can fill this process's memory.
struct MessageAssembler {
  enum Origin: Equatable {
    case delivered(consumer: String, tag: UInt64, isRedelivered: Bool, routingKey: String? = nil)
    case returned
    case announced
  }

  struct Properties: Equatable {
    var id = ""
    var type = ""
    /// Carries the ticket of a message that we published.
    var correlation = ""
    /// Where the sender waits for an answer.
    var replyTo: String?
    /// The quorum queue's count of earlier deliveries, where it gives one.
    var deliveryCount: Int?
    /// The sender's own headers that are texts.
    var headers: [String: String] = [:]
    /// Of a dead letter: the name of the queue that it was rejected from first.
    var firstDeath: String?

    var reply: ReplyAddress? {
      replyTo.map { ReplyAddress(queue: $0, correlation: correlation.isEmpty ? nil : correlation) }
    }
  }

  struct Message: Equatable {
    var origin: Origin
    var properties: Properties
    /// The beginning, where `size` is more than `largestKept`.
    var body: [UInt8]
    var size: UInt64
    var isOversized: Bool { size > UInt64(QueueMessage.largestBody) }
  }

  /// Bytes of a body that are kept: more than is published, so that an operator sees what came from elsewhere.
  static let largestKept = 65536

  private var origin: Origin?
  private var message: Message?
  private var received: UInt64 = 0

  mutating func begin(_ origin: Origin) {
    self.origin = origin
    message = nil
    received = 0
  }

  /// - Returns: The message, when it is complete (its body is empty).
  mutating func header(_ properties: Properties, size: UInt64) -> Message? {
    guard let origin else { return nil }
    self.origin = nil
    message = Message(origin: origin, properties: properties, body: [], size: size)
    return completed()
  }

  /// - Returns: The message, when this is the last part of its body.
  mutating func body(_ bytes: some Collection<UInt8>) -> Message? {
    guard message != nil else { return nil }
    received += UInt64(bytes.count)
    let room = Self.largestKept - (message?.body.count ?? 0)
    if room > 0 { message?.body.append(contentsOf: bytes.prefix(room)) }
    return completed()
  }

  private mutating func completed() -> Message? {
    guard let message, received >= message.size else { return nil }
    self.message = nil
    return message
  }
}
