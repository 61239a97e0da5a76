/// Posting an event to a webhook's receiver, once.
public protocol WebhookSending: Sendable {
  /// Never throws: what goes wrong is an answer too.
  func post(_ claimed: ClaimedDelivery) async -> WebhookAnswer
  /// Closes connections.
  func close() async
}

/// What came of posting an event.
public enum WebhookAnswer: Hashable, Sendable {
  /// The receiver's HTTP status, and how long it wants to be left alone.
  case status(Int, retryAfter: Duration?)
  /// There was no answer: why, as a sentence.
  case none(String)
}

/// When an event is posted again: a decision without any waiting of its own.
public enum WebhookRetry {
  /// A receiver that is away for longer misses events, until an operator replays them.
  public static let patience = Duration.seconds(86_400)
  /// The pause after the first attempt; it doubles with each further one.
  static let firstPause = Duration.seconds(2)
  static let longestPause = Duration.seconds(3600)

  /// - Parameters:
  ///   - attempt: how often it has been posted, this time included.
  ///   - age: how long it has been pending.
  ///   - chance: a random number in 0 ..< 1, which spreads those that failed at the same moment.
  public static func outcome(of answer: WebhookAnswer, attempt: Int, age: Duration, chance: Double) -> DeliveryOutcome {
    let (status, wanted, words): (Int?, Duration?, String)
    switch answer {
    case .status(let code, _) where (200..<300).contains(code): return .delivered(status: code)
    case .status(410, _): return .gone
    case .status(let code, let pause): (status, wanted, words) = (code, pause, "The receiver answered \(code).")
    case .none(let reason): (status, wanted, words) = (nil, nil, reason)
    }
    let doubled = min(longestPause, firstPause * (1 << min(max(0, attempt - 1), 16))) * (0.5 + chance)
    let pause = max(doubled, wanted ?? .zero)
    guard age + pause < patience else {
      return .givenUp(status: status, answer: words + " A day has passed, so it isn't tried again.")
    }
    return .retry(after: pause, status: status, answer: words)
  }
}
