public import Volumes

/// Cuts patches out of a preprocessed volume, with zeros where a patch reaches beyond it.
///
/// It only reads the voxels that a patch covers, so the volume may be a mapped file of which a worker needs a part. The second stage
/// of a cascade also sees the labels of the first, one channel of zeros and ones for each label; they are made for each patch, so
/// that classes times voxels are never in memory.
public struct PatchExtractor: Sendable {
  public let plan: TilePlan
  public let volume: ChannelVolume
  private let previous: PreviousLabels?

  /// - Parameters:
  ///   - volume: `[channel, z, y, x]`, normalised, unpadded.
  ///   - previous: for the second stage of a cascade, the labels of the first on the same grid.
  /// - Throws: `SlidingWindowError.Code.shapeMismatch` when volume or labels aren't those that the plan is for.
  public init(plan: TilePlan, volume: ChannelVolume, previous: PreviousLabels? = nil) throws {
    for extent in [volume.extent, previous?.labels.extent ?? volume.extent] where extent != plan.volume {
      throw SlidingWindowError(
        .shapeMismatch,
        "Cutting patches needs the volume of the tile plan, \(plan.volume) voxels, found \(extent); preprocess the image again."
      )
    }
    self.plan = plan
    self.volume = volume
    self.previous = previous
  }

  /// Channels of a patch.
  public var channels: Int { volume.channels + (previous?.classes ?? 0) }

  /// The patch of a tile, `[channel, z, y, x]`.
  public func patch(_ tile: TilePlan.Tile) -> ChannelVolume {
    let patch = ChannelVolume(
      channels: channels, extent: plan.patch, storage: VoxelStorage(uninitialized: channels * plan.patch.count))
    extract(tile, into: patch)
    return patch
  }

  /// Overwrites `patch`, `[channel, z, y, x]` of the plan's patch extent; the previous labels' channels come last.
  public func extract(_ tile: TilePlan.Tile, into patch: ChannelVolume) {
    precondition(patch.channels == channels && patch.extent == plan.patch, "a patch of another shape")
    if plan.covered(by: tile).extent != plan.patch { patch.elements.update(repeating: 0) }
    for channel in 0..<volume.channels {
      let source = volume.channel(channel).baseAddress!
      let target = patch.channel(channel).baseAddress!
      forEachRow(of: tile) { from, to, width in (target + to).update(from: source + from, count: width) }
    }
    guard let previous else { return }
    let labels = previous.labels.elements.baseAddress!
    for index in 0..<previous.classes {
      let label = UInt8(index + 1)
      let target = patch.channel(volume.channels + index).baseAddress!
      forEachRow(of: tile) { from, to, width in
        for x in 0..<width { target[to + x] = labels[from + x] == label ? 1 : 0 }
      }
    }
  }

  /// The rows that a tile covers: where each begins in the volume and in the patch, and its length.
  private func forEachRow(of tile: TilePlan.Tile, _ body: (_ inVolume: Int, _ inPatch: Int, _ width: Int) -> Void) {
    let covered = plan.covered(by: tile)
    // The volume's voxel (0, 0, 0) in the patch.
    let offset = Extent((0..<3).map { plan.paddingBelow[$0] - tile.start[$0] })
    for z in covered.lower.z..<covered.upper.z {
      for y in covered.lower.y..<covered.upper.y {
        body(
          (z * volume.extent.y + y) * volume.extent.x + covered.lower.x,
          ((z + offset.z) * plan.patch.y + y + offset.y) * plan.patch.x + covered.lower.x + offset.x, covered.extent.x)
      }
    }
  }
}
