public import Kernels
internal import Synchronization

/// Cases that don't depend on each other, several at a time: one failing doesn't stop the others.
public enum ConcurrentCases {
  /// Calls `body` for each case with threads for that case's own loops, and returns the results in the cases' order.
  ///
  /// With as many cases as threads, or more, each case has one thread. A case holds its label maps, so memory grows with `threads`.
  public static func map<Case: Sendable, Result: Sendable>(
    _ cases: [Case], threads: Int, _ body: @Sendable (Case, ComputePool) throws -> Result
  ) -> [Swift.Result<Result, any Error>] {
    let atOnce = max(1, min(threads, cases.count))
    let results = Mutex([Int: Swift.Result<Result, any Error>]())
    let pools = (0..<atOnce).map { _ in ComputePool(threads: max(1, threads / atOnce)) }
    ComputePool(threads: atOnce).forEach(cases.count) { index, worker in
      let result = Swift.Result { try body(cases[index], pools[worker]) }
      results.withLock { $0[index] = result }
    }
    let finished = results.withLock { $0 }
    return cases.indices.compactMap { finished[$0] }
  }
}

/// A case that couldn't be processed.
public struct FailedCase: Sendable {
  public var name: String
  /// One sentence.
  public var reason: String

  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }
}
