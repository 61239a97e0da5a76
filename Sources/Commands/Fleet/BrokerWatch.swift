internal import FleetMetrics
internal import HTTPAPI
internal import RabbitMQBroker
internal import Synchronization

/// Follows what happens to the connection with the broker: counts it, and knows how it stands.
final class BrokerWatch: Sendable {
  private struct State {
    var isConnected = false
    var hasBeenConnected = false
    var blockedBecause: String?
    var disconnectedBecause = "not connected yet"
  }

  private let state = Mutex(State())

  /// Called for each event, on the connection's thread.
  func note(_ event: BrokerEvent) {
    switch event {
    case .connected:
      let isAgain = state.withLock { state in
        defer { (state.isConnected, state.hasBeenConnected, state.blockedBecause) = (true, true, nil) }
        return state.hasBeenConnected
      }
      if isAgain { FleetMetrics.amqpReconnects.increment() }
      FleetMetrics.brokerConnected.set(1)
      FleetMetrics.brokerBlocked.set(0)
    case .disconnected(let reason, _):
      state.withLock { ($0.isConnected, $0.disconnectedBecause, $0.blockedBecause) = (false, reason, nil) }
      FleetMetrics.brokerConnected.set(0)
      FleetMetrics.brokerBlocked.set(0)
    case .blocked(let reason):
      state.withLock { $0.blockedBecause = reason }
      FleetMetrics.brokerBlocked.set(1)
    case .unblocked:
      state.withLock { $0.blockedBecause = nil }
      FleetMetrics.brokerBlocked.set(0)
    default: break
    }
  }

  /// How the connection stands.
  var finding: HealthFinding {
    state.withLock { state in
      if !state.isConnected { return .bad(state.disconnectedBecause) }
      if let reason = state.blockedBecause { return .bad("takes no messages: \(reason)") }
      return .good("connected")
    }
  }
}
