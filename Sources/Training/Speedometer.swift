/// Mean times of iterations, to tell what is left.
struct Speedometer {
  private var sums: [TrainingProgress.Phase: (seconds: Double, count: Int)] = [:]

  /// What a validation takes of a training iteration, until one was measured: a forward pass of three.
  private static let validationShare = 1.0 / 3

  mutating func add(_ phase: TrainingProgress.Phase, _ duration: Duration) {
    var sum = sums[phase] ?? (0, 0)
    sum.seconds += duration / .seconds(1)
    sum.count += 1
    sums[phase] = sum
  }

  private func mean(_ phase: TrainingProgress.Phase) -> Double? {
    sums[phase].map { $0.seconds / Double($0.count) }
  }

  /// - Parameter validating: validation batches, or what takes as long as some.
  /// - Returns: `nil` until an iteration was measured.
  func seconds(training: Int, validating: Double) -> Double? {
    guard let step = mean(.training) ?? mean(.validating).map({ $0 / Self.validationShare }) else { return nil }
    return Double(training) * step + validating * (mean(.validating) ?? step * Self.validationShare)
  }
}
