/// An answer of the ledger that is kept for a while, so that any number of questions cost the database little.
actor KeptAnswer<Value: Sendable> {
  private let lifetime: Duration
  private let ask: @Sendable () async throws -> Value
  private var answer: (value: Value, at: ContinuousClock.Instant)?
  private var isAsking = false

  /// How long a new answer is waited for.
  private static var patience: Duration { .seconds(2) }
  /// An answer isn't given any more when it is older than so many lifetimes.
  private static var lifetimes: Int { 6 }

  /// - Parameter lifetime: how long an answer is as good as a new one.
  init(for lifetime: Duration, ask: @escaping @Sendable () async throws -> Value) {
    self.lifetime = lifetime
    self.ask = ask
  }

  /// The answer; the last one while the ledger can't be reached or takes its time, and `nil` when that has become too old.
  func value() async -> Value? {
    if answer.map({ ContinuousClock.now - $0.at > lifetime }) ?? true {
      if !isAsking { begin() }
      let end = ContinuousClock.now + Self.patience
      while isAsking, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(5)) }
    }
    return answer.flatMap { ContinuousClock.now - $0.at > lifetime * Self.lifetimes ? nil : $0.value }
  }

  private func begin() {
    isAsking = true
    Task {
      if let value = try? await ask() { answer = (value, ContinuousClock.now) }
      isAsking = false
    }
  }
}
