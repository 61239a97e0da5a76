internal import CKernels

/// The threads of one computation: a loop's items are shared among them, the calling thread included.
///
/// Results must not depend on which worker computes which item, so that one thread and many give the same bits. One loop at a
/// time: a pool belongs to one worker slot and is not entered from two threads, nor from within its own loops. With that rule
/// `@unchecked Sendable` is right: the C pool synchronises its threads.
public final class ComputePool: @unchecked Sendable {
  public let threads: Int
  private let pool: OpaquePointer

  /// - Parameter threads: workers, at least 1.
  public init(threads: Int) {
    self.threads = max(1, threads)
    guard let pool = tessera_pool_create(Int32(self.threads)) else {
      // As fatal as a failed allocation: the process is out of threads.
      fatalError("cannot start \(threads) compute threads")
    }
    self.pool = pool
  }

  deinit { tessera_pool_destroy(pool) }

  /// Calls `body(item, worker)` for each item in `0..<count`, on all threads, and returns when all are done. `worker` is in
  /// `0..<threads` and is never used by two items at once: it selects scratch memory.
  public func forEach(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { escaping in
      var closure = escaping
      withUnsafeMutablePointer(to: &closure) { pointer in
        tessera_pool_run(
          pool, count,
          { context, item, worker in
            context!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(item, Int(worker))
          }, pointer)
      }
    }
  }
}
