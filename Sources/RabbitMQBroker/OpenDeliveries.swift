internal import FleetContracts

/// Names a delivery for as long as this process may settle it: the channel that brought it, and its number there.
struct DeliveryKey: Hashable, Sendable {
  /// Counts the consuming channels that this process has had, over all connections.
  var channel: UInt64
  var tag: UInt64
}

/// The deliveries that are in this process's hands.
///
/// Numbers start anew with each channel, so a late acknowledgement sent on the next channel would settle another message, or
/// make the broker close the channel. Neither can happen here: a key of an earlier channel is lost for good.
struct OpenDeliveries {
  enum Verdict: Equatable {
    /// The broker is to be told.
    case open
    /// The channel has gone, and the broker delivers the message again.
    case lost
    /// Settled before.
    case settled
  }

  private(set) var channel: UInt64 = 0
  private var open: Set<UInt64> = []

  var count: Int { open.count }

  mutating func opened(tag: UInt64) -> DeliveryKey {
    open.insert(tag)
    return DeliveryKey(channel: channel, tag: tag)
  }

  mutating func settle(_ key: DeliveryKey) -> Verdict {
    guard key.channel == channel else { return .lost }
    return open.remove(key.tag) == nil ? .settled : .open
  }

  /// The consuming channel has gone, and with it all deliveries.
  mutating func channelLost() {
    channel += 1
    open = []
  }
}
