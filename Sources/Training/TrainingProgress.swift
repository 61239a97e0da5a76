/// How far a training is, for people who watch it.
public struct TrainingProgress: Sendable {
  public enum Phase: String, Sendable {
    case training
    case validating
    /// After the last epoch: the validation's cases, and those for a cascade.
    case predicting
  }

  public var phase: Phase
  /// The epoch in work, from 0, of how many; 0 of 0 while predicting.
  public var epoch: Int
  public var epochs: Int
  /// Iterations of the phase that are done, of how many; tiles while predicting.
  public var iteration: Int
  public var iterations: Int
  /// The mean loss of the epoch's iterations so far.
  public var loss: Double?
  /// Of the last epoch that is done.
  public var last: EpochResult?
  /// Until the fold is done, with its validation and predictions for a cascade, from the speed so far; `nil` until it is known.
  public var secondsLeft: Double?
}

/// What came out of an epoch.
public struct EpochResult: Hashable, Sendable {
  public var epoch: Int
  public var trainingLoss: Double
  public var validationLoss: Double
  /// Online Dice of each foreground class that occurred.
  public var dice: [Double]
  public var learningRate: Double
  public var seconds: Double
  /// How much of `seconds` was spent waiting for batches.
  public var waitedSeconds: Double
  /// How long the predictions after the last epoch will probably take; `nil` where there are none.
  public var finalSeconds: Double?
}
