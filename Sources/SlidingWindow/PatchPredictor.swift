public import Volumes

/// What a sliding window slides: turns one patch into class probabilities.
///
/// Tiling, weighting and stitching know nothing else of the network, so they are proved with predictors that return their input.
public protocol PatchPredictor {
  /// Output channels.
  var classes: Int { get }

  /// Predicts one patch.
  /// - Parameters:
  ///   - patch: `[channel, z, y, x]`; a 2D network's patch has z = 1.
  ///   - probabilities: `[class, z, y, x]` of the patch's extent, to be overwritten: the mean over folds and mirrorings.
  func predict(_ patch: ChannelVolume, into probabilities: ChannelVolume) throws
}
