/// Whether the broker takes messages.
public enum BrokerCondition: Hashable, Sendable {
  case ready
  /// It is connected and refuses all messages, for want of memory or disk; with its own words.
  case blocked(String)
  /// There is no connection.
  case away
}
