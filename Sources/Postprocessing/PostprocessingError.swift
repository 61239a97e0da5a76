/// Why rules can't be read or applied: a code to switch on, a sentence for a person.
public struct PostprocessingError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Hashable, Sendable {
    /// The file of rules isn't what nnU-Net writes.
    case unreadableRules
    /// Rules that can't be applied: background to be removed, or a label without the minimum size that the rules need.
    case invalidRules
  }

  public let code: Code
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
