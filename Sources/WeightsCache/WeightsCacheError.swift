/// Why weights weren't kept. It costs time at the next start, nothing else.
public struct WeightsCacheError: Error, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
