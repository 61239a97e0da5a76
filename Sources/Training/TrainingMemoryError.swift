/// Training doesn't fit the memory that it may take: where there is more, it can be done.
public struct TrainingMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The least that the process takes, in bytes.
  public let needed: Int
  /// As it was given.
  public let limit: Int

  /// `needed` as a limit that suffices, for `--max-memory`.
  var advice: String { "\((needed + (1 << 20) - 1) >> 20)MiB" }

  public var description: String {
    "Training takes at least \(advice) of memory, all parts of the process together, and may take \(limit >> 20)MiB; allow --max-memory "
      + "\(advice) or more, or plan a smaller patch."
  }
}
