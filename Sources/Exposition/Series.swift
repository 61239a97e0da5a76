internal import FleetMetrics
internal import Metrics
internal import Synchronization

/// One family's values for one combination of label values.
final class Series: Sendable {
  struct State: Equatable, Sendable {
    /// A counter's or a gauge's value; a histogram's sum.
    var value = 0.0
    /// Of a histogram: how many values lie in each bucket (not cumulated), the last one beyond the greatest bound.
    var buckets: [UInt64] = []
    var bounds: [Double] = []
  }

  private let current: Mutex<State>
  private let kind: MetricFamily.Kind

  init(_ kind: MetricFamily.Kind) {
    self.kind = kind
    var state = State()
    if case .histogram(let bounds) = kind {
      state.bounds = bounds
      state.buckets = Array(repeating: 0, count: bounds.count + 1)
    }
    current = Mutex(state)
  }

  var state: State { current.withLock { $0 } }

  private func update(_ value: Double) {
    guard !value.isNaN else { return }
    current.withLock { state in
      switch kind {
      case .counter: state.value += max(0, value)
      case .gauge: state.value = value
      case .histogram:
        // Bounds are inclusive ("le").
        state.buckets[state.bounds.firstIndex { value <= $0 } ?? state.bounds.count] += 1
        state.value += value
      }
    }
  }
}

// A series answers to each of swift-metrics' handlers; the registry hands it out only as what its kind allows.
extension Series: CounterHandler, FloatingPointCounterHandler {
  func increment(by amount: Int64) { update(Double(amount)) }
  func increment(by amount: Double) {
    if kind == .gauge { current.withLock { $0.value += amount } } else { update(amount) }
  }
  /// Prometheus expects that counters never go back.
  func reset() {}
}

extension Series: RecorderHandler, MeterHandler, TimerHandler {
  func record(_ value: Int64) { update(Double(value)) }
  func record(_ value: Double) { update(value) }
  func set(_ value: Int64) { update(Double(value)) }
  func set(_ value: Double) { update(value) }
  func decrement(by amount: Double) { current.withLock { $0.value -= amount } }
  func recordNanoseconds(_ duration: Int64) { update(Double(duration) * 1e-9) }
}
