/// Ending runs that nobody wants any more.
public protocol RunCancelling: Sendable {
  /// Ends a run as `cancelled`, whoever works on it: its epoch grows, so what others still write is refused, and none of its tiles is
  /// published any more. A run that is over stays as it is.
  /// - Returns: the run's state from now on (`cancelled`, `completed` or `failed`); `nil` when there is no such run.
  func cancel(_ run: RunID) async throws -> RunState?
}
