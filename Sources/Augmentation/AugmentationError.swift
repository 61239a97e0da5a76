/// Why batches can't be made, in one sentence that says what to do.
public struct AugmentationError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
