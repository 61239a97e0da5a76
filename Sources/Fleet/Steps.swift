public import Digests
public import FleetContracts

/// Makes the pass in work of a run ready for workers: reads, preprocesses, plans tiles, and puts volume and pass document into the store.
public protocol RunPreparing: Sendable {
  func prepare(_ run: RunRecord) async throws -> PassPlan
}

/// Predicts tiles, one at a time: each worker slot has its own.
public protocol TilePredicting: Sendable {
  func predict(_ job: TileJob) async throws -> ComputedTile
}

/// A tile's probabilities, in the store.
public struct ComputedTile: Sendable, Codable {
  public var probabilities: Digest
  public var bytes: Int
  /// Engine and instruction set, such as `winograd/avx512`.
  public var engine: String
  public var timings: TileTimings

  public init(probabilities: Digest, bytes: Int, engine: String, timings: TileTimings) {
    self.probabilities = probabilities
    self.bytes = bytes
    self.engine = engine
    self.timings = timings
  }
}

/// Makes the label map of a pass from its tiles; of the last pass, the run's, and measures it.
public protocol RunStitching: Sendable {
  func stitch(_ work: StitchClaim) async throws -> StitchOutcome
}

/// What stitching has brought.
public enum StitchOutcome: Sendable {
  /// Another pass follows.
  case pass(PassOutcome)
  case run(RunOutcome)
  /// Nothing: these accepted tiles are damaged and must be computed again.
  case rejected([Int: TileDamage])
}
