/// Why configurations can't be compared: one sentence for a person.
public struct ModelSelectionError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
