internal import FleetContracts
internal import Synchronization

/// The broker's condition, as the connection's events tell it.
final class HeardCondition: Sendable {
  private let state = Mutex(BrokerCondition.away)

  var condition: BrokerCondition { state.withLock { $0 } }

  func hear(_ event: BrokerEvent) {
    switch event {
    case .connected, .unblocked: state.withLock { $0 = .ready }
    case .disconnected: state.withLock { $0 = .away }
    case .blocked(let reason): state.withLock { $0 = .blocked(reason) }
    default: break
    }
  }
}
