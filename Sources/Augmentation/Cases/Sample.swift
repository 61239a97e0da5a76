public import Volumes

/// A patch with its labels while it is augmented. Transforms that leave the grid alone change it in place.
///
/// Labels are one more than nnU-Net's, so that its -1 (outside the nonzero part, or the case) is 0; their order, which decides ties, is
/// the same.
public struct Sample {
  /// `[channel, z, y, x]`.
  public var image: ChannelVolume
  /// The labels; for a cascade the first stage's too.
  public var labels: [LabelVolume]

  public init(image: ChannelVolume, labels: [LabelVolume]) {
    precondition(labels.allSatisfy { $0.extent == image.extent }, "image and labels differ in extent")
    self.image = image
    self.labels = labels
  }

  public var extent: Extent { image.extent }
}
