/// Why something failed, which decides what happens next (`RetryPolicy`).
public enum FailureKind: String, Hashable, Sendable, Codable, CaseIterable {
  /// May go well another time: the store or the network was away.
  case transient
  /// Fails each time, and may take the process with it: tried again a few times only.
  case poison
  /// What was asked can't be done: bad image, unknown fold. Never tried again.
  case invalid
  /// Bytes were damaged: a blob that doesn't verify, probabilities that aren't any.
  case corrupt
  /// The worker hadn't the memory, or was killed for it. One with more may do it.
  case outOfMemory = "out_of_memory"
}
