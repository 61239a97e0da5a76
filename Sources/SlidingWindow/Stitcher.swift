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

/// Sets the mosaic together: the weighted mean of overlapping tiles, handed on in blocks of planes.
///
/// For each voxel, `probability * weight` and `weight` are added up in float32 **in plan order**, and divided in the end: the same
/// operations, in the same order, as adding whole tiles to a whole volume (nnunet/network_architecture/neural_network.py,
/// `_internal_predict_3D_3Dconv_tiled`). So the bits depend neither on the number of threads, nor on who computed the tiles when, nor
/// on how many planes a block has: of each tile only the planes that lie in the block are read, so a block is as thin as memory asks
/// for, down to one plane.
public struct Stitcher: Sendable {
  public let plan: TilePlan
  public let classes: Int
  /// Planes that are added up, and handed on, at once.
  public let planes: Int
  /// Enough that a mapped tile is read in long stretches, few enough for a volume of many classes.
  public static let defaultPlanes = 16

  /// - Parameter planes: at least 1; more than the volume has make no difference.
  public init(plan: TilePlan, classes: Int, planes: Int = Stitcher.defaultPlanes) {
    self.plan = plan
    self.classes = classes
    self.planes = min(max(1, planes), plan.volume.z)
  }

  /// The memory that `run` needs beside the tiles that it reads: sums, which are also what it hands on, and weights.
  public var workingBytes: Int {
    let plane = plan.volume.y * plan.volume.x
    return (planes * plane * (classes + (plan.isWeighted ? 1 : 0)) + (plan.isWeighted ? plan.patch.count : 0))
      * MemoryLayout<Float>.stride
  }

  /// Reads every tile, for each block in plan order, and calls `consume` with the volume's planes in ascending order, each once. The
  /// slab's memory is used again after `consume` has returned.
  /// - Throws: what `tiles` or `consume` throw; `SlidingWindowError.Code.shapeMismatch` when a tile isn't
  ///   `[classes, patch.z, patch.y, patch.x]`.
  public func run(
    tiles: some TileSource, pool: ComputePool, consume: (ProbabilitySlab) throws -> Void
  ) throws {
    var accumulator = PlaneAccumulator(plan: plan, classes: classes, planes: planes)
    for start in stride(from: 0, to: plan.volume.z, by: planes) {
      let block = start..<min(start + planes, plan.volume.z)
      accumulator.begin(block, pool: pool)
      for index in tilesTouching(block) {
        let tile = plan.tile(index)
        let covered = plan.covered(by: tile)
        let range = (covered.lower.z..<covered.upper.z).clamped(to: block)
        let inPatch = plan.paddingBelow.z - tile.start.z
        let probabilities = try tiles.probabilities(
          of: tile, planes: range.lowerBound + inPatch..<range.upperBound + inPatch)
        guard probabilities.channels == classes, probabilities.extent == plan.patch else {
          throw SlidingWindowError(
            .shapeMismatch,
            "Tile \(tile.index) must have \(classes) classes of \(plan.patch) voxels, found \(probabilities.channels) of "
              + "\(probabilities.extent); was it predicted with another model?")
        }
        accumulator.add(probabilities, at: tile, planes: range, pool: pool)
        if range.upperBound == covered.upper.z { tiles.release(tile) }
      }
      try consume(accumulator.means(pool: pool))
    }
  }

  /// Tiles that have planes in the block, in plan order.
  private func tilesTouching(_ block: Range<Int>) -> Range<Int> {
    let rows = plan.starts[0].indices.filter { row in
      let first = plan.starts[0][row] - plan.paddingBelow.z
      return first < block.upperBound && first + plan.patch.z > block.lowerBound
    }
    // Starts ascend, so the rows follow each other.
    return rows[0] * plan.tilesPerRow..<(rows[rows.count - 1] + 1) * plan.tilesPerRow
  }
}
