/// Why a row of the chaos table couldn't be played to its end.
public struct ChaosError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Why a row wasn't played: the machine doesn't allow it.
public struct ChaosSkip: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
