/// Makes an image 0 where the labels are -1, in channels whose normalisation looked only at the rest (nnunet: MaskTransform); then makes
/// these labels background (batchgenerators: RemoveLabelTransform).
public struct OutsideMask: Hashable, Sendable {
  /// By channel.
  public var usesMask: [Bool]

  public init(usesMask: [Bool]) {
    self.usesMask = usesMask
  }

  public func apply(to sample: Sample) {
    let labels = sample.labels[0].elements
    for (channel, usesMask) in usesMask.enumerated() where usesMask {
      let values = sample.image.channel(channel)
      for index in values.indices where labels[index] == 0 { values[index] = 0 }
    }
  }

  /// From one more than nnU-Net's labels to nnU-Net's, -1 becoming 0.
  public static func withoutOutside(_ labels: UInt8) -> UInt8 { labels == 0 ? 0 : labels - 1 }
}
