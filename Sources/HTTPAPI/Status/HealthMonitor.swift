internal import Synchronization

/// Looks at everything that must be well, again and again, and keeps what it found: whoever asks is answered at once, and however often
/// they ask, broker and database have no work by it.
public final class HealthMonitor: Sendable {
  private let checks: [HealthCheck]
  private let state = Mutex(State())

  private struct State {
    var findings: [String: (finding: HealthFinding, at: ContinuousClock.Instant)] = [:]
    var hasStarted = false
    /// Since when everything has been well without a break.
    var goodSince: ContinuousClock.Instant?
  }

  /// A finding is out of date when it is older than so many of its check's intervals.
  private static let looks = 4
  /// What a look may take beyond that.
  private static let slack = Duration.seconds(2)

  public init(_ checks: [HealthCheck]) { self.checks = checks }

  /// Looks until the calling task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      for check in checks {
        group.addTask { [self] in
          while !Task.isCancelled {
            note(await check.look(), of: check)
            try? await Task.sleep(for: check.interval)
          }
        }
      }
    }
  }

  private func note(_ finding: HealthFinding, of check: HealthCheck) {
    let now = ContinuousClock.now
    state.withLock { state in
      // After a look that took too long, nobody knows how it was meanwhile.
      if let last = state.findings[check.name], now - last.at > Self.patience(of: check) { state.goodSince = nil }
      state.findings[check.name] = (finding, now)
      let isGood = checks.allSatisfy { state.findings[$0.name]?.finding.isGood == true }
      state.goodSince = isGood ? state.goodSince ?? now : nil
      if isGood { state.hasStarted = true }
    }
  }

  private static func patience(of check: HealthCheck) -> Duration { check.interval * looks + slack }

  /// How long everything has been well without a break; zero while something isn't.
  public var goodFor: Duration {
    guard findings.allSatisfy(\.finding.isGood), let since = state.withLock({ $0.goodSince }) else { return .zero }
    return ContinuousClock.now - since
  }

  /// Whether everything has once been well at the same time.
  public var hasStarted: Bool { checks.isEmpty || state.withLock { $0.hasStarted } }

  /// The latest findings in the order of the checks.
  public var findings: [(name: String, finding: HealthFinding)] {
    let now = ContinuousClock.now
    let findings = state.withLock { $0.findings }
    return checks.map { check in
      guard let (finding, time) = findings[check.name] else { return (check.name, .bad("not looked at yet")) }
      let age = now - time
      guard age < Self.patience(of: check) else {
        return (check.name, .bad("no answer for \(Int(age / .seconds(1))) s"))
      }
      return (check.name, finding)
    }
  }
}
