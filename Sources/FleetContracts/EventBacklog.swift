/// What others haven't been told yet.
public struct EventBacklog: Hashable, Sendable, Codable {
  /// Events that the broker hasn't confirmed; they wait for `tessera events`.
  public var unpublished: Int
  /// How long the oldest of them has waited, in seconds; 0 when none waits.
  public var lag: Double
  /// Webhook deliveries that are due or will be tried again.
  public var pendingDeliveries: Int

  public init(unpublished: Int = 0, lag: Double = 0, pendingDeliveries: Int = 0) {
    self.unpublished = unpublished
    self.lag = lag
    self.pendingDeliveries = pendingDeliveries
  }
}
