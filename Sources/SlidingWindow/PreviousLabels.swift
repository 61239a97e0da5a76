public import Volumes

/// What the second stage of a cascade sees of the first: its label map on the grid of the second, and how many of its labels count
/// (nnunet/inference/predict.py, `preprocess_save_to_queue`).
public struct PreviousLabels: Sendable {
  /// `[z, y, x]` in the network's axis order.
  public let labels: LabelVolume
  /// Labels 1 to `classes` become channels, in this order; any other is as good as background.
  public let classes: Int

  public init(labels: LabelVolume, classes: Int) {
    precondition((0...255).contains(classes), "labels are bytes")
    self.labels = labels
    self.classes = classes
  }
}
