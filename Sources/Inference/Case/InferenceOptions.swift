public import ModelStore

/// How a model is applied to a case: what changes the result's bits, and nothing else.
public struct InferenceOptions: Hashable, Sendable, Codable {
  /// Folds whose probabilities are averaged, in this order.
  public var folds: [FoldName]
  /// Average over mirrored patches (test-time augmentation).
  public var mirroring: Bool
  /// The tiles' distance as a part of the patch, in (0, 1].
  public var stepSize: Double

  public init(folds: [FoldName], mirroring: Bool = true, stepSize: Double = 0.5) {
    self.folds = folds
    self.mirroring = mirroring
    self.stepSize = stepSize
  }
}
