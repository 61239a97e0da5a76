/// An exponential moving average that begins with its first value. It is a function of a curve, so a run that is continued has the same one.
enum MovingAverage {
  /// `alpha * old + (1 - alpha) * new`, as network_trainer.py has it.
  static let trainingLossAlpha = 0.93
  static let metricAlpha = 0.9

  /// - Returns: `nil` for an empty curve.
  static func of(_ curve: [Double], alpha: Double) -> Double? {
    guard let first = curve.first else { return nil }
    return curve.dropFirst().reduce(first) { alpha * $0 + (1 - alpha) * $1 }
  }
}
