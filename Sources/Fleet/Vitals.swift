internal import Synchronization

/// Signs of life of a process's loops: each says now and then that it isn't stuck.
///
/// A loop is stuck when it has been silent for longer than it allowed itself, though everything that it needs was there. A loop that waits for
/// a server isn't stuck.
public final class Vitals: Sendable {
  private struct Sign {
    var at: ContinuousClock.Instant
    var patience: Duration
  }

  private let signs = Mutex<[String: Sign]>([:])
  private let draining = Mutex(false)

  public init() {}

  /// The loop `name` is alive, and will say so again within `patience`.
  func sign(of name: String, again patience: Duration) {
    signs.withLock { $0[name] = Sign(at: .now, patience: patience) }
  }

  /// The loop `name` has ended as it should.
  func end(of name: String) { signs.withLock { $0[name] = nil } }

  /// The loops with the time since their last signs.
  /// - Parameter servedFor: how long everything that the loops need has been there without a break.
  public func loops(servedFor: Duration) -> [(name: String, silence: Duration, isStuck: Bool)] {
    let now = ContinuousClock.now
    return signs.withLock { $0 }.sorted { $0.key < $1.key }.map { name, sign in
      let silence = now - sign.at
      return (name, silence, min(silence, servedFor) > sign.patience)
    }
  }

  /// The process is being stopped and only finishes what it has in hand.
  public var isDraining: Bool { draining.withLock { $0 } }
  public func drain() { draining.withLock { $0 = true } }
}
