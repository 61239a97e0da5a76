internal import FleetContracts
internal import Synchronization

/// Those who listen to announcements, in one process.
final class InMemoryAnnouncements: Sendable {
  private struct Listeners {
    var continuations: [Int: AsyncStream<Announcement>.Continuation] = [:]
    var last = 0
  }

  private let listeners = Mutex(Listeners())

  func announce(_ announcement: Announcement) {
    let all = listeners.withLock { Array($0.continuations.values) }
    for listener in all { listener.yield(announcement) }
  }

  /// - Returns: the stream, and what ends it.
  func listen() -> (stream: AsyncStream<Announcement>, end: @Sendable () -> Void) {
    let (stream, continuation) = AsyncStream.makeStream(of: Announcement.self, bufferingPolicy: .bufferingNewest(1000))
    let number = listeners.withLock { listeners in
      listeners.last += 1
      listeners.continuations[listeners.last] = continuation
      return listeners.last
    }
    continuation.onTermination = { [self] _ in listeners.withLock { $0.continuations[number] = nil } }
    return (stream, { continuation.finish() })
  }
}
