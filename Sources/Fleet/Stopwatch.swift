internal import FleetContracts

/// Seconds by step of a pass.
struct Stopwatch {
  private let pass: Int
  private(set) var timings: [StepTiming] = []
  private var last = ContinuousClock.now

  /// - Parameter pass: the pass's position; of a watch whose `timings` nobody asks for it doesn't matter.
  init(pass: Int = 0) { self.pass = pass }

  /// Notes the time since the last lap, or since the beginning, as `step`.
  @discardableResult
  mutating func lap(_ step: String) -> Double {
    let now = ContinuousClock.now
    let seconds = (now - last).inSeconds
    timings.append(StepTiming(step: step, seconds: seconds, pass: pass))
    last = now
    return seconds
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
