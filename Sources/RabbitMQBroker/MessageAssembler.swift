internal import FleetContracts

/// Puts the frames of a channel's messages together: a method, a header that tells the size, and parts of the body.
///
/// A body over the limit is counted and dropped as it comes, so no sender can fill this process's memory.
struct MessageAssembler {
  enum Origin: Equatable {
    case delivered(consumer: String, tag: UInt64, isRedelivered: Bool)
    case returned
  }

  struct Properties: Equatable {
    var id = ""
    var type = ""
    /// Carries the ticket of a message that we published.
    var correlation = ""
    /// The quorum queue's count of earlier deliveries, where it gives one.
    var deliveryCount: Int?
    /// The sender's own headers that are texts.
    var headers: [String: String] = [:]
  }

  struct Message: Equatable {
    var origin: Origin
    var properties: Properties
    /// Empty when `isOversized`.
    var body: [UInt8]
    var size: UInt64
    var isOversized: Bool { size > UInt64(QueueMessage.largestBody) }
  }

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
    if message?.isOversized == false { message?.body.append(contentsOf: bytes) }
    return completed()
  }

  private mutating func completed() -> Message? {
    guard let message, received >= message.size else { return nil }
    self.message = nil
    return message
  }
}
