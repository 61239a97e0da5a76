/// A label map in which shapes can't be searched: one sentence for a person.
public struct LabelShapesError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
}
