/// What was counted for one promise, and whether it held.
public struct Finding: Sendable, Hashable, Encodable {
  /// The invariant, or `nil` for what only this row promises.
  public var invariant: Invariant?
  /// What was looked at.
  public var what: String
  public var holds: Bool
  /// What was counted, as a sentence.
  public var counted: String

  init(_ invariant: Invariant, holds: Bool, _ counted: String) {
    self.invariant = invariant
    what = invariant.meaning
    self.holds = holds
    self.counted = counted
  }

  /// Something that only this row promises.
  init(_ what: String, holds: Bool, _ counted: String) {
    invariant = nil
    self.what = what
    self.holds = holds
    self.counted = counted
  }
}
