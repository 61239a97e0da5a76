/// Why a training can't be done, in one sentence that says what to do.
public struct TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// A training was asked to end, and its state is kept: it can be continued.
public struct TrainingInterrupted: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where to go on, as epochs that are done and iterations of the next.
  public let epochs: Int
  public let iterations: Int

  public var description: String {
    "The training was interrupted after \(epochs) epochs and \(iterations) iterations; -c continues it there."
  }
}
