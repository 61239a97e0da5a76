internal import FleetContracts
internal import Synchronization

/// Tiles that this worker had too little memory for: when they come again, others have the first choice.
///
/// A worker that computes such a tile at once would be killed by it as before. It hands the job back instead, a few times and with a pause,
/// which costs the tile no attempt: one with more memory takes it meanwhile. Where there is no other, the pauses are soon over and it
/// tries again, as memory that others use comes and goes.
final class HeavyTiles: Sendable {
  /// How often a tile is left to others, and for how long each time.
  static let turns = 5
  static let pause = Duration.seconds(2)
  /// Tiles that are remembered.
  private static let most = 256

  private struct Tile: Hashable {
    var pass: PassID
    var number: Int

    init(_ job: TileJob) { (pass, number) = (job.pass, job.tile) }
  }

  private let turnsLeft = Mutex<[Tile: Int]>([:])

  /// The tile needed more memory than there was.
  func remember(_ job: TileJob) {
    turnsLeft.withLock { tiles in
      if tiles.count >= Self.most { tiles.removeAll() }
      tiles[Tile(job)] = Self.turns
    }
  }

  /// Whether the job is left to others this time.
  func leaves(_ job: TileJob) -> Bool {
    turnsLeft.withLock { tiles in
      guard let left = tiles[Tile(job)], left > 0 else { return false }
      tiles[Tile(job)] = left - 1
      return true
    }
  }
}
