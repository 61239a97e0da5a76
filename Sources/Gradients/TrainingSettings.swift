/// What a training step depends on beside network and batch. The defaults are nnUNetTrainerV2's.
public struct TrainingSettings: Hashable, Sendable {
  /// Samples of each batch.
  public var batchSize: Int
  /// Whether Dice is that of the batch rather than the mean over samples.
  public var batchDice: Bool
  /// Of stochastic gradient descent, with Nesterov's step.
  public var momentum: Float = 0.99
  /// Added to gradients for each unit of weight, of all trained parameters.
  public var weightDecay: Float = 3e-5
  /// The largest norm of all gradients together; longer ones are shortened to it.
  public var clipNorm: Double = 12

  public init(batchSize: Int, batchDice: Bool) {
    self.batchSize = batchSize
    self.batchDice = batchDice
  }
}
