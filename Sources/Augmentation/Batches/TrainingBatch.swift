public import Volumes

/// What a training step takes.
public struct TrainingBatch: Sendable {
  public var index: BatchIndex
  /// The cases that the items were cut from.
  public var cases: [String]
  /// `[item, channel, z, y, x]`; a cascade's channels of 0 and 1 come last.
  public var images: [Float]
  public var channels: Int
  /// Of the patch.
  public var extent: Extent
  /// By resolution, the patch's own first: labels `[item, z, y, x]`.
  public var targets: [[UInt8]]
  /// By resolution.
  public var targetExtents: [Extent]

  /// A digest of all numbers, for logs and for comparing runs (FNV-1a, 64 bits).
  public var digest: UInt64 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in images { state = (state ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
    for target in targets { for label in target { state = (state ^ UInt64(label)) &* 0x100_0000_01B3 } }
    return state
  }
}
