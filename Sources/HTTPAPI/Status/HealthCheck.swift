/// Something that must be well for a process to do its work.
public struct HealthCheck: Sendable {
  /// One word, such as `broker`.
  public var name: String
  /// How long to wait between two looks.
  public var interval: Duration
  /// Looks. It may take long, or hang: those who ask meanwhile get the finding before, or hear that there is none.
  public var look: @Sendable () async -> HealthFinding

  public init(_ name: String, every interval: Duration, look: @escaping @Sendable () async -> HealthFinding) {
    self.name = name
    self.interval = interval
    self.look = look
  }
}

/// What a look has found, with a sentence for people. No secrets.
public enum HealthFinding: Hashable, Sendable {
  case good(String)
  case bad(String)

  public var isGood: Bool {
    if case .good = self { true } else { false }
  }

  /// The sentence.
  public var detail: String {
    switch self {
    case .good(let detail), .bad(let detail): detail
    }
  }
}
