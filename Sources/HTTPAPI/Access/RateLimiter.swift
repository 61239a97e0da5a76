internal import Digests
internal import Foundation
internal import Synchronization

/// Holds each caller to a rate: a bucket of so many requests, filled again by so many a second.
final class RateLimiter: Sendable {
  enum Key: Hashable, Sendable {
    case token(Digest)
    /// Of those who have no token, or a wrong one.
    case address(String)
  }

  private struct Bucket {
    var tokens: Double
    var at: ContinuousClock.Instant
  }

  /// Requests a second.
  private let rate: Double
  /// Requests at once, after a time without any.
  private let burst: Double
  private let buckets = Mutex<[Key: Bucket]>([:])
  /// With more callers than this, those whose buckets are full again are forgotten.
  private static let mostBuckets = 10_000

  init(rate: Double, burst: Double) {
    self.rate = rate
    self.burst = burst
  }

  /// - Throws: `Problem` of kind tooManyRequests.
  func take(_ key: Key, at now: ContinuousClock.Instant = .now) throws {
    let wait = buckets.withLock { buckets -> Double in
      if buckets.count >= Self.mostBuckets { buckets = buckets.filter { level($0.value, now) < burst } }
      var bucket = buckets[key] ?? Bucket(tokens: burst, at: now)
      bucket.tokens = level(bucket, now)
      bucket.at = now
      let missing = max(0, 1 - bucket.tokens)
      if missing == 0 { bucket.tokens -= 1 }
      buckets[key] = bucket
      return missing / rate
    }
    guard wait > 0 else { return }
    throw Problem(
      .tooManyRequests, "The rate is \(Int(rate)) requests a second, and \(Int(burst)) at once. Wait a moment.",
      retryAfter: Int(wait.rounded(.up)))
  }

  private func level(_ bucket: Bucket, _ now: ContinuousClock.Instant) -> Double {
    min(burst, bucket.tokens + rate * ((now - bucket.at) / .seconds(1)))
  }
}
