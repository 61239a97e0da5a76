/// What a batch of validation is worth.
public struct BatchEvaluation: Hashable, Sendable {
  /// As in training, over all supervised scales.
  public var loss: Double
  /// Voxels of the hard argmax at full resolution, per foreground class from class 1 on, over the batch.
  public var truePositives: [Int]
  public var falsePositives: [Int]
  public var falseNegatives: [Int]
}
