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
}
