internal import Digests
public import Fleet
public import FleetContracts

/// Waits as long as a tile would take, and answers with the digest of bytes that nobody has computed.
public struct SimulatedPredictor: TilePredicting {
  private let seconds: Double

  /// - Parameter seconds: what a tile takes on average; single ones take half as long to one and a half times as long.
  public init(seconds: Double) { self.seconds = seconds }

  public func predict(_ job: TileJob) async throws -> ComputedTile {
    let taken = seconds * .random(in: 0.5...1.5)
    try await Task.sleep(for: .seconds(taken))
    return ComputedTile(
      probabilities: Self.digest(of: job), bytes: 0, engine: "simulated", timings: TileTimings(infer: taken))
  }

  /// The same for each computation of a tile, as a real engine's.
  static func digest(of job: TileJob) -> Digest { Digest(of: "\(job.document) \(job.tile)".utf8) }
}
