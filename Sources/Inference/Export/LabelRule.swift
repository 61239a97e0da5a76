/// How the probabilities of a voxel become its label.
public enum LabelRule: Hashable, Sendable {
  /// The class with the largest probability, the lowest of equals: softmax models.
  case largest
  /// Region models (sigmoid): label `order[i]` where region `i`'s probability is above a half, later regions over earlier ones; 0 where none is
  /// (nnunet/inference/segmentation_export.py, `regions_class_order`).
  case regions(order: [UInt8])
}
