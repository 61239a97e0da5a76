public import Volumes

/// What preprocessing needs to know of a trained model: the part of its plans that concerns one stage's input.
public struct PreprocessingPlan: Hashable, Sendable, Codable {
  /// The network's axis `i` is the image's axis `transposeForward.order[i]`.
  public var transposeForward: AxisOrder
  /// mm, in the network's axis order; for 2D models the first is not used. A first one of 0 stands for the image's own.
  public var targetSpacing: Spacing
  /// One for each channel, in the channels' order.
  public var channels: [ChannelNormalization]
  public var variant: PreprocessorVariant

  public init(
    transposeForward: AxisOrder, targetSpacing: Spacing, channels: [ChannelNormalization],
    variant: PreprocessorVariant = .generic3D
  ) {
    self.transposeForward = transposeForward
    self.targetSpacing = targetSpacing
    self.channels = channels
    self.variant = variant
  }
}
