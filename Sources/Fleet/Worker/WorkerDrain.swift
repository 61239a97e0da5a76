internal import Synchronization

/// How a worker stops, step by step.
///
/// Asked once, it takes no more jobs. A tile in hand is finished when that can be expected within the grace time; else, and when the grace
/// time is over all the same, it is abandoned: its job goes back to the queue, for others, and isn't held against the tile. Asked a
/// second time, it abandons at once.
public final class WorkerDrain: Sendable {
  private let grace: Duration
  private let begun = Latch()
  private let hurried = Latch()
  private let beginning = Mutex<ContinuousClock.Instant?>(nil)

  /// - Parameter grace: how long a tile in hand may still take.
  public init(grace: Duration) { self.grace = grace }

  /// The first request to stop.
  func begin() {
    beginning.withLock { if $0 == nil { $0 = .now } }
    begun.open()
  }

  /// The second request to stop.
  public func hurry() {
    begin()
    hurried.open()
  }

  /// Returns when a tile is to be abandoned.
  /// - Parameter expectedEnd: when the tile will probably be done; `nil` where nobody knows.
  /// - Throws: `CancellationError`.
  func abandonment(expectedEnd: ContinuousClock.Instant?) async throws {
    try await begun.wait()
    let begun = beginning.withLock { $0 } ?? .now
    let last = Self.lastMoment(begun: begun, grace: grace, expectedEnd: expectedEnd)
    let hurried = hurried
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await hurried.wait() }
      group.addTask { try await Task.sleep(until: last) }
      try await group.next()
      group.cancelAll()
    }
  }

  /// Until when a tile in hand is waited for.
  static func lastMoment(
    begun: ContinuousClock.Instant, grace: Duration, expectedEnd: ContinuousClock.Instant?
  ) -> ContinuousClock.Instant {
    let end = begun + grace
    // What won't be done in time is better begun by another worker now than after the grace time.
    guard let expectedEnd, expectedEnd > end else { return end }
    return begun
  }
}
