internal import Foundation
internal import Synchronization

/// The value of an asynchronous operation, for a thread that may block: a `BlockingThread`, never a thread of Swift's pool.
final class Awaited<Value: Sendable>: Sendable {
  private let outcome = Mutex<Result<Value, any Error>?>(nil)
  private let finished = DispatchSemaphore(value: 0)

  /// Starts `operation`.
  init(_ operation: @escaping @Sendable () async throws -> Value) {
    Task {
      let result: Result<Value, any Error>
      do { result = .success(try await operation()) } catch { result = .failure(error) }
      outcome.withLock { $0 = result }
      finished.signal()
    }
  }

  /// Blocks until the operation has ended. To be called once.
  func value() throws -> Value {
    finished.wait()
    guard let outcome = outcome.withLock({ $0 }) else { throw CancellationError() }
    return try outcome.get()
  }
}
