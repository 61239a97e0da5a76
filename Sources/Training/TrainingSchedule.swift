internal import Foundation

/// How long a training is, and with which learning rate (nnUNetTrainerV2).
public struct TrainingSchedule: Hashable, Sendable {
  public var epochs: Int
  /// Training batches of an epoch.
  public var iterations: Int
  /// Validation batches of an epoch.
  public var validationIterations: Int

  public static let standard = TrainingSchedule(epochs: 1000, iterations: 250, validationIterations: 50)

  private static let initialLearningRate = 1e-2
  private static let exponent = 0.9

  public init(epochs: Int, iterations: Int, validationIterations: Int) {
    self.epochs = epochs
    self.iterations = iterations
    self.validationIterations = validationIterations
  }

  /// Constant within an epoch, and polynomial over the epochs that there will be.
  func learningRate(epoch: Int) -> Double {
    Self.initialLearningRate * pow(max(0, 1 - Double(epoch) / Double(epochs)), Self.exponent)
  }
}
