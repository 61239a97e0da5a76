/// Values that several threads make in any order and one thread takes in the order of their places, 0 to `count` - 1. Whoever makes them waits
/// rather than run far ahead.
///
///     while let place = queue.claim() { queue.deliver(make(place), at: place) }    // each maker
///     while let value = queue.take() { use(value) }                               // the taker
public final class OrderedQueue<Value: Sendable>: Sendable {
  private let count: Int
  private let ahead: Int
  private let state = Monitor(State())

  private struct State {
    /// The next place that nobody makes yet.
    var claimed = 0
    /// The next place that is taken.
    var taken = 0
    var values: [Int: Value] = [:]
    var isClosed = false
  }

  /// - Parameter ahead: places beyond the one that is taken next that may be claimed, at least 1.
  public init(count: Int, ahead: Int) {
    self.count = count
    self.ahead = max(1, ahead)
  }

  /// A place for the caller to make a value for. Waits while too many are ahead.
  /// - Returns: `nil` when all places are claimed or the queue is closed.
  public func claim() -> Int? {
    let place: Int?? = state.wait { state in
      if state.isClosed || state.claimed == self.count { return .some(nil) }
      guard state.claimed < state.taken + self.ahead else { return nil }
      state.claimed += 1
      return state.claimed - 1
    }
    return place ?? nil
  }

  public func deliver(_ value: Value, at place: Int) {
    state.update { state in
      if !state.isClosed { state.values[place] = value }
    }
  }

  /// The value of the next place, as soon as it is delivered.
  /// - Returns: `nil` after the last, and when the queue is closed.
  public func take() -> Value? {
    let value: Value?? = state.wait { state in
      if state.isClosed || state.taken == self.count { return .some(nil) }
      return state.values.removeValue(forKey: state.taken).map { .some($0) }
    }
    if value ?? nil != nil { state.update { $0.taken += 1 } }
    return value ?? nil
  }

  /// Drops all values; who waits gets `nil`.
  public func close() {
    state.update { state in
      state.isClosed = true
      state.values = [:]
    }
  }
}
