/// Names a batch.
public struct BatchIndex: Hashable, Sendable {
  public enum Phase: Hashable, Sendable {
    /// Augmented, from the fold's training cases.
    case training
    /// As they are, from the fold's validation cases.
    case validation
  }

  public var phase: Phase
  public var epoch: Int
  /// Within the epoch and the phase, from 0.
  public var iteration: Int

  public init(_ phase: Phase, epoch: Int, iteration: Int) {
    self.phase = phase
    self.epoch = epoch
    self.iteration = iteration
  }
}

/// The batches of a training in the order in which it takes them: in each epoch first all for training, then all for validation.
public struct BatchSchedule: RandomAccessCollection, Hashable, Sendable {
  public var epochs: Range<Int>
  public var trainingIterations: Int
  public var validationIterations: Int
  /// Iterations of the first epoch that are left out, those for training first.
  public var skipped: Int

  /// - Parameters:
  ///   - epochs: a resumed training starts where it stopped,
  ///   - skipped: perhaps in the middle of an epoch.
  public init(epochs: Range<Int>, trainingIterations: Int, validationIterations: Int, skipped: Int = 0) {
    precondition(trainingIterations >= 0 && validationIterations >= 0, "a number of iterations isn't negative")
    precondition(
      (0...trainingIterations + validationIterations).contains(skipped) && (skipped == 0 || !epochs.isEmpty),
      "no more is left out than the first epoch has")
    self.epochs = epochs
    self.trainingIterations = trainingIterations
    self.validationIterations = validationIterations
    self.skipped = skipped
  }

  private var iterations: Int { trainingIterations + validationIterations }
  public var startIndex: Int { 0 }
  public var endIndex: Int { epochs.count * iterations - skipped }

  public subscript(position: Int) -> BatchIndex {
    let (epoch, iteration) = (position + skipped).quotientAndRemainder(dividingBy: iterations)
    return iteration < trainingIterations
      ? BatchIndex(.training, epoch: epochs.lowerBound + epoch, iteration: iteration)
      : BatchIndex(.validation, epoch: epochs.lowerBound + epoch, iteration: iteration - trainingIterations)
  }
}
