import RabbitMQBroker
import Synchronization

/// Events in the order in which they came.
final class EventLog: Sendable {
  private let events = Mutex<[BrokerEvent]>([])

  var record: @Sendable (BrokerEvent) -> Void { { event in self.events.withLock { $0.append(event) } } }

  var all: [BrokerEvent] { events.withLock { $0 } }

  func contains(_ matches: (BrokerEvent) -> Bool) -> Bool { all.contains(where: matches) }

  var disconnections: [BrokerEvent] {
    all.filter { if case .disconnected = $0 { true } else { false } }
  }

  struct NeverCame: Error {
    var seen: [BrokerEvent]
  }

  /// Waits for an event.
  func wait(within limit: Duration = .seconds(60), until matches: (BrokerEvent) -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !contains(matches) {
      guard clock.now < deadline else { throw NeverCame(seen: all) }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
