package import ModelPlans

/// What the winograd engine aims at when it chooses each layer's method. Transformed weights are up to 27 times the original ones, the
/// more the fewer products they need; a plan says what memory is worth.
public enum WinogradPlan: String, CaseIterable, Hashable, Sendable {
  /// Nearly the least time; large weights only where they save some.
  case fast
  /// Little more than the original weights in the deepest levels, which have nearly all of them.
  case small
}

/// What a byte of weights is worth, in seconds of a pass.
package struct MemoryPrice {
  let secondsForByte: Double

  /// A gigabyte is worth as much as the network's direct convolutions would take at 1e12 operations a second, or eight times that.
  package init(_ plan: WinogradPlan, _ description: NetworkDescription) {
    let share: Double =
      switch plan {
      case .fast: 1
      case .small: 8
      }
    secondsForByte = share * description.forwardOperations / 1e12 / 1e9
  }
}
