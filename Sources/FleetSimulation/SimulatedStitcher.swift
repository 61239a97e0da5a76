internal import Digests
public import Fleet
public import FleetContracts

/// Completes runs without a voxel: their artifact is the digest of their tiles' digests, in plan order.
public struct SimulatedStitcher: RunStitching {
  public init() {}

  public func stitch(_ work: StitchClaim) async throws -> StitchOutcome {
    let digest = Digest(of: work.tiles.map(\.hexadecimal).joined(separator: "\n").utf8)
    return .run(
      RunOutcome(
        labelMap: digest, labelVoxels: digest, labels: [], timings: work.timings,
        engine: work.engines.joined(separator: ", "), softwareVersion: "simulated"))
  }
}
