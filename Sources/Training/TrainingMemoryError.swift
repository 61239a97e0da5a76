/// Training doesn't fit the memory that it may take: where there is more, it can be done.
public struct TrainingMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The least that the process takes, in bytes.
  public internal(set) var needed: Int
  /// As it was given.
  public let limit: Int
  /// Whether it is the fold's own cases that don't fit, which are predicted when it is trained.
  var isForPredictions = false

  /// `needed` as a limit that suffices, for `--max-memory`.
  var advice: String { "\((needed + (1 << 20) - 1) >> 20)MiB" }

  public var description: String {
    let what = isForPredictions ? "Predicting the fold's cases, which follows training," : "Training"
    let remedy = isForPredictions ? "leave that out (--disable_validation_inference)" : "plan a smaller patch"
    return
      "\(what) takes at least \(advice) of memory, all parts of the process together, and may take \(limit >> 20)MiB; allow --max-memory "
      + "\(advice) or more, or \(remedy)."
  }
}
