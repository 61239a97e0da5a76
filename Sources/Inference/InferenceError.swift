/// Why a case can't be predicted: a code to switch on, a sentence for a person.
public struct InferenceError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Hashable, Sendable {
    /// Options that the model doesn't allow.
    case invalidOptions
    /// A model that asks for something that isn't supported.
    case unsupportedModel
    /// Arrays or geometry that don't belong together.
    case shapeMismatch
    /// A file that can't be read as what it should be.
    case unreadableFile
    /// A file that can't be written.
    case unwritableFile
    /// A case that needs more memory than it may have.
    case outOfMemory
  }

  public let code: Code
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
