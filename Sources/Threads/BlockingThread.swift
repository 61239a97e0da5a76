/// A thread of its own for work that blocks or computes for long: a network's forward pass, calls of libpq.
///
/// Swift's cooperative pool has as many threads as processors; whoever blocks one of them stops unrelated tasks, heartbeats
/// among them. Here the caller only awaits:
///
///     let slot = try BlockingThread(name: "slot-0")
///     let answer = try await slot.run { try compute() }
///
/// Closures run one after the other in the order of their submission, all on the same thread, so state that belongs to one
/// thread (a libpq connection) can be touched by them without a lock. When the last reference is dropped, the thread ends
/// after the closures that it has.
public final class BlockingThread: Sendable {
  public let name: String
  private let work: Monitor<Work>

  /// Starts the thread.
  /// - Parameters:
  ///   - name: Shown by `top -H`; Linux keeps its first 15 bytes.
  ///   - stack: In bytes.
  /// - Throws: `ThreadError.unavailable`.
  public init(name: String, stack: Int = NamedThread.defaultStack) throws(ThreadError) {
    self.name = name
    let work = Monitor(Work())
    self.work = work
    try NamedThread.start(name: name, stack: stack) { Self.serve(work) }
  }

  deinit { work.update { $0.isClosed = true } }

  /// Runs `body` on this thread and returns its value or throws its error.
  ///
  /// Cancelling the calling task has no effect on a closure that was submitted: it runs to its end (a `ROLLBACK` must).
  /// - Throws: `ThreadError.closed`, or what `body` throws.
  public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let accepted = work.update { work in
        guard !work.isClosed else { return false }
        work.closures.append { continuation.resume(with: Result(catching: body)) }
        return true
      }
      if !accepted { continuation.resume(throwing: ThreadError.closed(name)) }
    }
  }

  /// Takes no more work and returns when all that was submitted before is done. Must not be awaited from a closure on this
  /// thread.
  public func close() async {
    await withCheckedContinuation { continuation in
      let hasEnded = work.update { work in
        work.isClosed = true
        if !work.hasEnded { work.closers.append(continuation) }
        return work.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }

  private struct Work {
    var closures: [@Sendable () -> Void] = []
    var isClosed = false
    var hasEnded = false
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  private static func serve(_ work: Monitor<Work>) {
    while true {
      let closures: [@Sendable () -> Void]? = work.wait { work in
        if !work.closures.isEmpty {
          defer { work.closures = [] }
          return .some(work.closures)
        }
        return work.isClosed ? .some(nil) : nil
      }
      guard let closures else { break }
      for closure in closures { closure() }
    }
    let closers = work.update { work in
      work.hasEnded = true
      return work.closers
    }
    for closer in closers { closer.resume() }
  }
}
