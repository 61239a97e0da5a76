internal import Synchronization

/// A label whose values callers choose, such as tenants: the first ones keep their names, all others share one, so that no caller can make the
/// number of time series grow without end.
public final class BoundedLabel: Sendable {
  /// What stands for the others.
  public static let rest = "other"

  private let limit: Int
  private let known = Mutex<Set<String>>([])

  /// - Parameter limit: names that are kept.
  public init(limit: Int) { self.limit = limit }

  /// The name, or `rest`.
  public subscript(name: String) -> String {
    known.withLock { known in
      if known.contains(name) { return name }
      guard known.count < limit else { return Self.rest }
      known.insert(name)
      return name
    }
  }
}
