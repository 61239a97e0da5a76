public import Kernels
public import Volumes

/// Finished planes of a volume's class probabilities.
public struct ProbabilitySlab: Sendable {
  /// The planes along axis 0 of the volume.
  public let planes: Range<Int>
  /// `[class, plane, y, x]`, with as many planes as `planes`.
  public let probabilities: ChannelVolume

  public init(planes: Range<Int>, probabilities: ChannelVolume) {
    self.planes = planes
    self.probabilities = probabilities
  }
}

/// Sets the mosaic together: the weighted mean of overlapping tiles, handed on plane by plane as soon as no later tile can
/// change it.
///
/// For each voxel, `probability * weight` and `weight` are added up in float32 **in plan order**, and divided in the end: the same
/// operations, in the same order, as adding whole tiles to a whole volume (nnunet/network_architecture/neural_network.py,
/// `_internal_predict_3D_3Dconv_tiled`). So the bits depend neither on the number of threads nor on who computed the tiles when.
/// Only the planes that the current row of tiles covers are in memory, at most as many as the patch has.
public struct Stitcher: Sendable {
  public let plan: TilePlan
  public let classes: Int
  /// Planes that are handed on at once.
  private static let planesPerSlab = 4

  public init(plan: TilePlan, classes: Int) {
    self.plan = plan
    self.classes = classes
  }

  /// The memory that `run` needs beside the tile that it reads: accumulators, weights, and the slab that it hands on.
  public var workingBytes: Int {
    let plane = plan.volume.y * plan.volume.x
    let accumulators = ringPlanes * plane * (classes + (plan.isWeighted ? 1 : 0))
    let slab = Self.planesPerSlab * plane * classes
    let map = plan.isWeighted ? plan.patch.count : 0
    return (accumulators + slab + map) * MemoryLayout<Float>.stride
  }

  /// Reads every tile once, in plan order, and calls `consume` with the volume's planes in ascending order, each once.
  /// - Throws: what `tiles` or `consume` throw; `SlidingWindowError.Code.shapeMismatch` when a tile isn't
  ///   `[classes, patch.z, patch.y, patch.x]`.
  public func run(
    tiles: some TileSource, pool: ComputePool, consume: (ProbabilitySlab) throws -> Void
  ) throws {
    var slab = AccumulatorRing(plan: plan, classes: classes, planes: ringPlanes)
    var finished = 0
    for row in plan.starts[0].indices {
      for inRow in 0..<plan.tilesPerRow {
        let tile = plan.tile(row * plan.tilesPerRow + inRow)
        let probabilities = try tiles.probabilities(of: tile)
        guard probabilities.channels == classes, probabilities.extent == plan.patch else {
          throw SlidingWindowError(
            .shapeMismatch,
            "Tile \(tile.index) must have \(classes) classes of \(plan.patch) voxels, found \(probabilities.channels) of "
              + "\(probabilities.extent); was it predicted with another model?")
        }
        slab.add(probabilities, at: tile, pool: pool)
      }
      let isLast = row + 1 == plan.starts[0].count
      let settled = isLast ? plan.volume.z : min(max(0, plan.starts[0][row + 1] - plan.paddingBelow.z), plan.volume.z)
      while finished < settled {
        let planes = finished..<min(finished + Self.planesPerSlab, settled)
        try consume(ProbabilitySlab(planes: planes, probabilities: slab.take(planes, pool: pool)))
        finished = planes.upperBound
      }
    }
  }

  private var ringPlanes: Int { min(plan.patch.z, plan.volume.z) }
}
