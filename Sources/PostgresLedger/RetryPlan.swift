internal import FleetContracts

/// What to do when a transaction has failed: a decision without any waiting of its own, for one transaction.
struct RetryPlan {
  enum Decision: Hashable {
    case retry(after: Duration)
    case giveUp(LedgerError)
    /// Not a matter of trying: the error itself tells the caller.
    case rethrow
  }

  /// How long an outage is waited through.
  let patience: Duration
  private var contentions = 0
  private var refusals = 0
  private var outages = 0
  private var outageSince: Duration?

  /// Transactions are short; whoever loses so often in a row has met a mistake, not chance.
  static let largestContention = 20
  /// A server that has just come up may answer a ping and refuse a connection once; not several times.
  static let largestRefusal = 3

  init(patience: Duration) { self.patience = patience }

  /// - Parameters:
  ///   - time: Now, measured from any fixed moment.
  ///   - chance: A random number in 0 ..< 1, which spreads those who failed at the same moment.
  mutating func decide(after error: PostgresError, at time: Duration, chance: Double) -> Decision {
    switch error.cause {
    case .statement: return .rethrow
    case .notMigrated: return .giveUp(.notMigrated("\(error.message); run `tessera migrate up`"))
    case .refused:
      refusals += 1
      guard refusals < Self.largestRefusal else { return .giveUp(.unavailable(error.message)) }
      return .retry(after: .milliseconds(500))
    case .contention:
      contentions += 1
      guard contentions <= Self.largestContention else {
        return .giveUp(.unavailable("\(contentions) tries in a row met other transactions: \(error.message)"))
      }
      return .retry(after: Self.pause(contentions, first: .milliseconds(5), largest: .milliseconds(500), chance))
    case .outage:
      let since = outageSince ?? time
      outageSince = since
      guard time - since < patience else { return .giveUp(.unavailable(error.message)) }
      outages += 1
      return .retry(after: Self.pause(outages, first: .milliseconds(50), largest: .seconds(3), chance))
    }
  }

  /// Doubles with each try, up to `largest`, give or take a half.
  private static func pause(_ count: Int, first: Duration, largest: Duration, _ chance: Double) -> Duration {
    min(largest, first * (1 << min(count - 1, 16))) * (0.5 + chance)
  }
}
