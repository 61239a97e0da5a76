internal import FleetContracts

/// The consumers that this process wants to have, and whether the broker knows of them.
///
/// A consumer's tag at the broker is new each time it subscribes, so what still comes for an earlier one isn't mistaken.
struct ConsumerRoster<Consumer: Sendable> {
  private struct Entry {
    var consumer: Consumer
    /// `nil` while the broker doesn't know of it.
    var tag: String?
    var failures = 0
    var notBefore: ContinuousClock.Instant?
  }

  private var entries: [Ticket: Entry] = [:]
  private var owners: [String: Ticket] = [:]
  private var subscriptions: UInt64 = 0

  mutating func add(_ id: Ticket, _ consumer: Consumer) { entries[id] = Entry(consumer: consumer) }

  /// Strikes a consumer from the roster.
  /// - Returns: The consumer and its tag, if the broker knows of it; `nil` when it isn't on the roster.
  mutating func remove(_ id: Ticket) -> (consumer: Consumer, tag: String?)? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if let tag = entry.tag { owners[tag] = nil }
    return (entry.consumer, entry.tag)
  }

  func owner(of tag: String) -> (id: Ticket, consumer: Consumer)? {
    guard let id = owners[tag], let entry = entries[id] else { return nil }
    return (id, entry.consumer)
  }

  /// Consumers that the broker knows of.
  var subscribed: [Consumer] {
    entries.keys.sorted().compactMap { entries[$0]?.tag == nil ? nil : entries[$0]?.consumer }
  }

  var all: [Consumer] { entries.keys.sorted().compactMap { entries[$0]?.consumer } }

  /// Consumers that the broker should be told of now, in the order of their making.
  func due(now: ContinuousClock.Instant) -> [(id: Ticket, consumer: Consumer)] {
    entries.filter { $0.value.tag == nil && ($0.value.notBefore ?? now) <= now }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value.consumer) }
  }

  /// Notes that `id` is being made known to the broker.
  /// - Returns: The tag to do so under.
  mutating func subscribing(_ id: Ticket) -> String {
    subscriptions += 1
    let tag = "tessera-\(id.number)-\(subscriptions)"
    entries[id]?.tag = tag
    owners[tag] = id
    return tag
  }

  /// The broker has the consumer.
  mutating func subscribed(_ id: Ticket) { entries[id]?.failures = 0 }

  /// The broker didn't take the consumer; it is tried again after a pause.
  mutating func failed(_ id: Ticket, now: ContinuousClock.Instant) {
    guard var entry = entries[id] else { return }
    if let tag = entry.tag { owners[tag] = nil }
    entry.tag = nil
    entry.notBefore = now + Backoff.step(failures: entry.failures, first: .milliseconds(100), longest: .seconds(5))
    entry.failures += 1
    entries[id] = entry
  }

  /// The broker ended the consumer `tag`.
  mutating func cancelledByBroker(_ tag: String) -> Consumer? {
    guard let id = owners.removeValue(forKey: tag) else { return nil }
    entries[id]?.tag = nil
    entries[id]?.notBefore = nil
    return entries[id]?.consumer
  }

  /// The channel has gone, and all consumers with it.
  mutating func channelLost() {
    owners = [:]
    for id in entries.keys { entries[id]?.tag = nil }
  }

  var nextWake: ContinuousClock.Instant? { entries.values.filter { $0.tag == nil }.compactMap(\.notBefore).min() }
}
