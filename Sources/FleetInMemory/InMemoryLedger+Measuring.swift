public import FleetContracts

extension InMemoryLedger {
  public func labelDetails(of run: RunID) async throws -> [LabelDetails] {
    (details[run] ?? []).sorted { $0.label < $1.label }
  }

  public func record(_ comparison: RunComparison) async throws {
    guard runs[comparison.run] != nil else { return }
    var comparison = comparison
    comparison.labels.sort { $0.label < $1.label }
    let place = keptComparisons.firstIndex {
      $0.run == comparison.run && $0.reference == comparison.reference && $0.toleranceMm == comparison.toleranceMm
    }
    if let place {
      keptComparisons[place] = comparison
    } else {
      keptComparisons.append(comparison)
    }
  }

  public func comparisons(of run: RunID) async throws -> [RunComparison] {
    keptComparisons.filter { $0.run == run }
      .sorted { ($0.reference.hexadecimal, $0.toleranceMm) < ($1.reference.hexadecimal, $1.toleranceMm) }
  }

  /// Nothing is added up here, and what a process keeps goes with it.
  public func keepUp() async throws {}
}
