internal import FleetContracts
internal import FleetMetrics

extension TileReceipt {
  /// Counts what became of a tile result.
  func count() {
    switch self {
    case .accepted: FleetMetrics.tiles.increment("accepted")
    case .duplicate:
      FleetMetrics.tiles.increment("duplicate")
      FleetMetrics.duplicateResults.increment()
    case .conflict:
      FleetMetrics.tiles.increment("conflict")
      FleetMetrics.digestConflicts.increment()
    case .disputed:
      FleetMetrics.tiles.increment("disputed")
      FleetMetrics.digestConflicts.increment()
    case .awaitsAgreement: FleetMetrics.tiles.increment("awaiting")
    case .refused: FleetMetrics.tiles.increment("refused")
    case .stale: FleetMetrics.tiles.increment("stale")
    case .willRetry: FleetMetrics.tiles.increment("retried")
    case .dead: FleetMetrics.tiles.increment("dead")
    }
  }
}
