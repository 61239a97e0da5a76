/// How far a training is, for people who watch it.
public struct TrainingProgress: Sendable {
  public enum Phase: String, Sendable {
    case training
    case validating
  }

  public var phase: Phase
  /// The epoch in work, from 0, of how many.
  public var epoch: Int
  public var epochs: Int
  /// Iterations of the phase that are done, of how many.
  public var iteration: Int
  public var iterations: Int
  /// The mean loss of the epoch's iterations so far.
  public var loss: Double?
  /// Of the last epoch that is done.
  public var last: EpochResult?
  /// Until the last epoch's end, from the speed so far; `nil` until it is known.
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
}
