internal import FleetContracts
internal import FleetMetrics

extension TileResult {
  /// Counts the seconds of a computed tile's phases.
  func countPhases() {
    guard case .computed = outcome else { return }
    FleetMetrics.tilePhaseSeconds.observe(timings.fetch, "fetch")
    FleetMetrics.tilePhaseSeconds.observe(timings.infer, "infer")
    FleetMetrics.tilePhaseSeconds.observe(timings.put, "put")
  }
}
