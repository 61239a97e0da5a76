/// What happened in a random schedule that seldom does: a schedule in which none of it ever happens proves less than it seems to.
public struct RareEvents: Hashable, Sendable {
  public internal(set) var deadTiles = 0
  public internal(set) var revivedRuns = 0
  public internal(set) var hedgedTiles = 0
  public internal(set) var duplicates = 0
  public internal(set) var fencedClaims = 0

  public init() {}

  public static func += (left: inout RareEvents, right: RareEvents) {
    left.deadTiles += right.deadTiles
    left.revivedRuns += right.revivedRuns
    left.hedgedTiles += right.hedgedTiles
    left.duplicates += right.duplicates
    left.fencedClaims += right.fencedClaims
  }
}
