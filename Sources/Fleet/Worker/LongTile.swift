/// Whether a tile takes too long for the broker, which delivers a job again that isn't acknowledged in time: the tile would be computed
/// once more for each such delivery.
struct LongTile {
  /// How long the broker waits (RabbitMQ's `consumer_timeout`).
  let ackTimeout: Duration

  /// A tile should be done in this share of it: others of the pass take longer, and machines are busy at times.
  private static let share = 0.5

  /// What is to be said of a tile that took so long; `nil` when all is well.
  func warning(seconds: Double) -> String? {
    let timeout = ackTimeout.inSeconds
    guard seconds > timeout * Self.share else { return nil }
    return
      "A tile took \(Int(seconds.rounded())) s, and the broker waits \(Int(timeout)) s for the acknowledgement of a job: give the worker "
      + "more threads, disable mirroring, or raise the broker's consumer_timeout and TESSERA_ACK_TIMEOUT_SECONDS."
  }
}
