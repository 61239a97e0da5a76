public import Volumes

/// What a network's batches look like: the plan's part of the augmentation.
///
/// Axes are in the network's order, `[z, y, x]`; a 2D network's patch is one slice, z = 1.
public struct BatchSettings: Hashable, Sendable {
  /// The patch that the network sees.
  public let patch: Extent
  /// Whether the network is 2D.
  public let isFlat: Bool
  public let batchSize: Int
  /// Whether a 3D network's patches are rotated, scaled and coarsened in their slices only (`do_dummy_2D_data_aug`).
  public let augmentsInPlane: Bool
  /// By channel: whether normalisation looked only at the nonzero part (`use_mask_for_norm`), so that the rest stays 0.
  public let usesMask: [Bool]
  /// The labels at each resolution that the loss looks at, the patch's own first.
  public let targetExtents: [Extent]
  /// For a cascade: the first stage's labels, each of which becomes a channel. Else empty.
  public let previousStageLabels: [Int]

  /// - Parameters:
  ///   - patch: three lengths, or two for a 2D network.
  ///   - targetExtents: `[z, y, x]` each.
  /// - Throws: `AugmentationError` for what fits no network.
  public init(
    patch: [Int], batchSize: Int, augmentsInPlane: Bool, usesMask: [Bool], targetExtents: [[Int]],
    previousStageLabels: [Int] = []
  ) throws {
    guard patch.count == 2 || patch.count == 3, patch.allSatisfy({ (1...Self.longest).contains($0) }) else {
      throw AugmentationError(
        "A patch needs two or three lengths from 1 to \(Self.longest), found \(patch); plan again.")
    }
    guard (1...Self.largestBatch).contains(batchSize), !usesMask.isEmpty else {
      throw AugmentationError("A batch needs a size from 1 to \(Self.largestBatch) and a channel, found \(batchSize).")
    }
    isFlat = patch.count == 2
    self.patch = Extent(isFlat ? [1] + patch : patch)
    guard targetExtents.allSatisfy({ $0.count == 3 && $0.allSatisfy { $0 > 0 } }), !targetExtents.isEmpty else {
      throw AugmentationError("Targets need three lengths each, [z, y, x], found \(targetExtents).")
    }
    guard previousStageLabels.isEmpty || !isFlat, previousStageLabels.allSatisfy({ (1...254).contains($0) }) else {
      throw AugmentationError(
        "A cascade's labels are from 1 to 254 and its network is 3D, found \(previousStageLabels) and the patch \(patch)."
      )
    }
    self.batchSize = batchSize
    self.augmentsInPlane = augmentsInPlane && !isFlat
    self.usesMask = usesMask
    self.targetExtents = targetExtents.map(Extent.init)
    self.previousStageLabels = previousStageLabels
  }

  private static let longest = 1 << 16
  private static let largestBatch = 1 << 20

  /// Channels of an image before a cascade's own.
  public var imageChannels: Int { usesMask.count }
  /// Channels that the network sees.
  public var inputChannels: Int { imageChannels + previousStageLabels.count }
  /// Whether rotation and scale leave the first axis alone.
  var movesInPlane: Bool { isFlat || augmentsInPlane }

  /// The items of a batch from this one on are placed at foreground (`oversample_foreground_percent`); a batch of one never is.
  public var firstForcedItem: Int {
    Int((Double(batchSize) * (1 - Self.foregroundShare)).rounded(.toNearestOrEven))
  }

  private static let foregroundShare = 0.33

  /// Bytes of a batch that waits.
  public var batchBytes: Int {
    batchSize * (inputChannels * patch.count * MemoryLayout<Float>.stride + targetExtents.reduce(0) { $0 + $1.count })
  }

  /// Bytes that one thread takes while it makes a batch: the batch, a patch before and after it is turned, one channel's spline, and the part
  /// of a case that is read.
  public var workingBytes: Int {
    let maps = previousStageLabels.isEmpty ? 1 : 2 + previousStageLabels.count
    let voxel = imageChannels * MemoryLayout<Float>.stride + maps
    let large = generatorPatch.count
    return batchBytes + large * (2 * voxel + 2 * MemoryLayout<Float>.stride) + 3 * patch.count * voxel
  }
}
