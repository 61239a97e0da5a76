internal import Digests
public import Fleet
public import FleetContracts

/// Plans a number of tiles for each run without reading an image.
public struct SimulatedPreparer: RunPreparing {
  private let tiles: Int

  public init(tiles: Int) { self.tiles = tiles }

  public func prepare(_ run: RunRecord) async throws -> PassPlan {
    PassPlan(document: Digest(of: "\(run.id)".utf8), tiles: tiles)
  }
}
