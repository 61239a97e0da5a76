/// Why a volume can't be tiled or its tiles can't be set together again: a code to switch on, a sentence for a person.
public struct SlidingWindowError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Hashable, Sendable {
    /// A patch, volume or step size from which no tile plan can be made.
    case impossiblePlan
    /// A volume or tile whose shape isn't the one that the plan states.
    case shapeMismatch
  }

  public let code: Code
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
