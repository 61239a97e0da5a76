/// Pauses between attempts: each about twice the one before, up to a limit, with a random part so that a fleet that lost its
/// broker doesn't come back in step.
struct Backoff {
  let first: Duration
  let longest: Duration
  private(set) var failures = 0

  init(first: Duration = .milliseconds(100), longest: Duration = .seconds(5)) {
    self.first = first
    self.longest = longest
  }

  /// The pause after one more failure: between half of the step and the whole.
  mutating func pause(using generator: inout some RandomNumberGenerator) -> Duration {
    let step = Backoff.step(failures: failures, first: first, longest: longest)
    failures += 1
    return step * Double.random(in: 0.5...1, using: &generator)
  }

  mutating func reset() { failures = 0 }

  /// `first` doubled `failures` times, at most `longest`.
  static func step(failures: Int, first: Duration, longest: Duration) -> Duration {
    // 2^16 times any sensible first pause is beyond the longest; the shift can't overflow.
    min(longest, first * (1 << min(max(failures, 0), 16)))
  }
}
