internal import FleetContracts

/// Seconds by step.
struct Stopwatch {
  private(set) var timings: [StepTiming] = []
  private var last = ContinuousClock.now

  /// Notes the time since the last lap, or since the beginning, as `step`.
  @discardableResult
  mutating func lap(_ step: String) -> Double {
    let now = ContinuousClock.now
    let seconds = (now - last).inSeconds
    timings.append(StepTiming(step: step, seconds: seconds))
    last = now
    return seconds
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
