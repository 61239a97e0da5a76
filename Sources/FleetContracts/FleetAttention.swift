/// What waits for an operator. A fleet works all the same.
public struct FleetAttention: Hashable, Sendable, Codable {
  /// Dead letters that were neither replayed nor dropped.
  public var openDeadLetters: Int
  /// Workers in quarantine.
  public var quarantines: Int

  public init(openDeadLetters: Int = 0, quarantines: Int = 0) {
    self.openDeadLetters = openDeadLetters
    self.quarantines = quarantines
  }
}
