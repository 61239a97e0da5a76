internal import SlidingWindow

/// How a case is kept within a limit of memory, decided before it is started: everything else being given, stitching takes fewer
/// planes at a time. The result doesn't depend on it.
public struct MemoryPlan: Hashable, Sendable {
  /// Planes that are stitched at a time.
  public let planes: Int
  /// `nil` where there is no limit.
  public let forecast: MemoryForecast?

  /// What a process does of a case.
  public enum Work: Sendable {
    /// All steps, one after the other: `tessera predict`.
    case everything
    case preparing
    case predicting
    case stitching

    func bytes(_ forecast: MemoryForecast) -> Int {
      switch self {
      case .everything: forecast.peak
      case .preparing: forecast.preparing
      case .predicting: forecast.predicting
      case .stitching: forecast.stitching
      }
    }
  }

  /// Chooses the thickest slab that fits.
  /// - Parameters:
  ///   - limit: resident bytes; `nil` for no limit.
  ///   - forecast: what so many planes at a time will need.
  /// - Throws: `InferenceError.Code.outOfMemory` when not even one plane at a time fits.
  public init(limit: Int?, work: Work, forecast: (_ planes: Int) throws -> MemoryForecast?) throws {
    var planes = Stitcher.defaultPlanes
    var candidate = try forecast(planes)
    while let limit, let needed = candidate, work.bytes(needed) > limit {
      guard planes > 1 else { throw Self.refusal(needed, limit: limit, work: work) }
      planes /= 2
      candidate = try forecast(planes)
    }
    self.planes = planes
    self.forecast = candidate
  }

  /// One sentence: what is needed, for what, and what would fit.
  private static func refusal(_ forecast: MemoryForecast, limit: Int, work: Work) -> InferenceError {
    let parts = [
      ("the program", forecast.program), ("the image", forecast.image + forecast.files),
      ("preprocessing", forecast.preprocessing),
      ("the volume", forecast.volume), ("a tile", forecast.tile), ("the network", forecast.network),
      ("the thinnest slab", forecast.slab), ("the labels", forecast.labels),
    ]
    let largest = parts.max { $0.1 < $1.1 }!
    let isNetwork = largest.0 == "the network" || largest.0 == "a tile"
    return InferenceError(
      .outOfMemory,
      "The case needs \(mebibytes(work.bytes(forecast))) of memory at the least, most of it (\(mebibytes(largest.1))) for "
        + "\(largest.0), but the limit is \(mebibytes(limit)); give it that much"
        + (isNetwork ? ", or name fewer folds." : ", or run the case on a machine with more memory."))
  }

  /// Rounded up, so that the number that is asked for suffices.
  static func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
