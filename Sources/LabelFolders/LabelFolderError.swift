/// A folder of label maps that can't be used: one sentence for a person.
public struct LabelFolderError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
