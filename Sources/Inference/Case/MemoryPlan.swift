internal import SlidingWindow

/// How a case is kept within a limit of memory, decided before it is started: first stitching takes fewer planes at a time, on which
/// the result doesn't depend; where not even the thinnest slab fits, the next variant of the engine is tried, which is slower and takes
/// less.
public struct MemoryPlan: Hashable, Sendable {
  /// Planes that are stitched at a time.
  public let planes: Int
  /// Which of the engine's variants fits, from 0.
  public let variant: Int
  /// What will be needed; `nil` where there is no limit.
  public let forecast: MemoryForecast?

  /// What a process does of a case.
  public enum Work: Sendable {
    /// All steps, one after the other: `tessera predict`.
    case everything
    case preparing
    case predicting
    case stitching
    /// A trained fold's own cases: `tessera train`.
    case predictingTileByTile

    func bytes(_ forecast: MemoryForecast) -> Int {
      switch self {
      case .everything: forecast.peak
      case .preparing: forecast.preparing
      case .predicting: forecast.predicting
      case .stitching: forecast.stitching
      case .predictingTileByTile: forecast.predictingTileByTile
      }
    }
  }

  /// Chooses the first variant that fits, with the thickest slab.
  /// - Parameters:
  ///   - limit: resident bytes; `nil` for no limit.
  ///   - variants: how many variants of the engine there are, the fastest first; at least 1.
  ///   - advice: what else a user may do where the network is too large, as half a sentence.
  ///   - forecast: what a variant will need with so many planes at a time.
  /// - Throws: `InferenceError.Code.outOfMemory` when no variant fits with one plane at a time.
  public init(
    limit: Int?, work: Work, variants: Int = 1, advice: String = "name fewer folds",
    forecast: (_ variant: Int, _ planes: Int) throws -> MemoryForecast
  ) throws {
    guard let limit else {
      (planes, variant, self.forecast) = (Stitcher.defaultPlanes, 0, nil)
      return
    }
    var least: MemoryForecast?
    for variant in 0..<max(variants, 1) {
      var planes = Stitcher.defaultPlanes
      while planes >= 1 {
        let candidate = try forecast(variant, planes)
        if work.bytes(candidate) <= limit {
          (self.planes, self.variant, self.forecast) = (planes, variant, candidate)
          return
        }
        if work.bytes(candidate) < least.map(work.bytes) ?? .max { least = candidate }
        planes /= 2
      }
    }
    guard let least else { throw InferenceError(.outOfMemory, "The case fits no limit of memory.") }
    throw Self.refusal(least, limit: limit, work: work, advice: advice)
  }

  /// One sentence: what is needed, for what, and what would fit.
  private static func refusal(_ forecast: MemoryForecast, limit: Int, work: Work, advice: String) -> InferenceError {
    let parts = [
      ("the program", forecast.program), ("the image", forecast.image + forecast.files),
      ("preprocessing", forecast.preprocessing),
      ("the volume", forecast.volume), ("a tile", forecast.tile), ("the network", forecast.network),
      ("stored tiles", forecast.store),
      ("the thinnest slab", forecast.slab), ("the labels", forecast.labels),
    ]
    let largest = parts.max { $0.1 < $1.1 }!
    let isNetwork = largest.0 == "the network" || largest.0 == "a tile"
    return InferenceError(
      .outOfMemory,
      "The case needs \(mebibytes(work.bytes(forecast))) of memory at the least, most of it (\(mebibytes(largest.1))) for "
        + "\(largest.0), but the limit is \(mebibytes(limit)); give it that much"
        + (isNetwork ? ", or \(advice)." : ", or run the case on a machine with more memory."))
  }

  /// Rounded up, so that the number that is asked for suffices.
  static func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
