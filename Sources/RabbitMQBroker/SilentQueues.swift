internal import FleetContracts

/// Queues that have messages for consumers here which don't come.
///
/// A quorum queue that is deleted and at once declared again, as a dispatcher does that looks for it, can leave a consumer between two lives of
/// the queue: the broker counts it, and gives it messages that its channel takes for old ones and drops, and it says nothing of the end (seen on
/// 3.10.8). A healthy queue with ready messages and a consumer with nothing in hand doesn't exist for longer than a moment. Such consumers start anew
/// on another channel.
struct SilentQueues {
  /// After so long without a delivery of a queue it is looked at.
  let interval: Duration
  /// Looks in a row that find messages before the consumers start anew.
  static let patience = 2

  private struct Silence {
    /// Of the last delivery or look.
    var since: ContinuousClock.Instant
    var looks = 0
  }

  private var silences: [QueueName: Silence] = [:]

  init(interval: Duration) { self.interval = interval }

  /// A message of `queue` has come.
  mutating func delivered(_ queue: QueueName, now: ContinuousClock.Instant) { silences[queue] = Silence(since: now) }

  /// Which of the consumed queues are to be looked at.
  mutating func due(_ consumed: Set<QueueName>, now: ContinuousClock.Instant) -> [QueueName] {
    silences = silences.filter { consumed.contains($0.key) }
    for queue in consumed where silences[queue] == nil { silences[queue] = Silence(since: now) }
    return QueueName.allCases.filter { queue in silences[queue].map { now - $0.since >= interval } ?? false }
  }

  /// A look has found so many messages ready.
  /// - Returns: whether the queue has been silent for too long; then the counting begins again.
  mutating func found(_ ready: Int, in queue: QueueName, now: ContinuousClock.Instant) -> Bool {
    let looks = ready > 0 ? (silences[queue]?.looks ?? 0) + 1 : 0
    silences[queue] = Silence(since: now, looks: looks % Self.patience)
    return looks >= Self.patience
  }
}
