public import Volumes

/// Cuts patches out of a preprocessed volume, with zeros where a patch reaches beyond it.
///
/// It only reads the voxels that a patch covers, so the volume may be a mapped file of which a worker needs a part.
public struct PatchExtractor: Sendable {
  public let plan: TilePlan
  public let volume: ChannelVolume

  /// - Parameter volume: `[channel, z, y, x]`, normalised, unpadded.
  /// - Throws: `SlidingWindowError.Code.shapeMismatch` when the volume isn't the one that the plan is for.
  public init(plan: TilePlan, volume: ChannelVolume) throws {
    guard volume.extent == plan.volume else {
      throw SlidingWindowError(
        .shapeMismatch,
        "Cutting patches needs the volume of the tile plan, \(plan.volume) voxels, found \(volume.extent); preprocess the image again."
      )
    }
    self.plan = plan
    self.volume = volume
  }

  /// The patch of a tile, `[channel, z, y, x]`.
  public func patch(_ tile: TilePlan.Tile) -> ChannelVolume {
    let patch = ChannelVolume(
      channels: volume.channels, extent: plan.patch,
      storage: VoxelStorage(uninitialized: volume.channels * plan.patch.count))
    extract(tile, into: patch)
    return patch
  }

  /// Overwrites `patch`, `[channel, z, y, x]` of the plan's patch extent and the volume's channels.
  public func extract(_ tile: TilePlan.Tile, into patch: ChannelVolume) {
    precondition(patch.channels == volume.channels && patch.extent == plan.patch, "a patch of another shape")
    let covered = plan.covered(by: tile)
    let width = covered.extent.x
    if covered.extent != plan.patch { patch.elements.update(repeating: 0) }
    // The volume's voxel (0, 0, 0) in the patch.
    let offset = Extent((0..<3).map { plan.paddingBelow[$0] - tile.start[$0] })
    for channel in 0..<volume.channels {
      let source = volume.channel(channel).baseAddress!
      let target = patch.channel(channel).baseAddress!
      for z in covered.lower.z..<covered.upper.z {
        for y in covered.lower.y..<covered.upper.y {
          let from = (z * volume.extent.y + y) * volume.extent.x + covered.lower.x
          let to =
            ((z + offset.z) * plan.patch.y + y + offset.y) * plan.patch.x + covered.lower.x + offset.x
          (target + to).update(from: source + from, count: width)
        }
      }
    }
  }
}
