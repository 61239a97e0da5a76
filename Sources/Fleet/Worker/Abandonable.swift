internal import Synchronization

/// Waits for work that can't be interrupted, until the calling task is cancelled: the work then goes on, and nobody waits for it.
enum Abandonable {
  /// - Throws: what `body` throws; `CancellationError` as soon as the calling task is cancelled.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let answer = Answer<Value>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        answer.wait(continuation)
        // Of its own: it isn't cancelled with the calling task.
        Task {
          do { answer.give(.success(try await body())) } catch { answer.give(.failure(error)) }
        }
      }
    } onCancel: {
      answer.give(.failure(CancellationError()))
    }
  }

  /// The first answer is the one that counts.
  private final class Answer<Value: Sendable>: Sendable {
    private struct State {
      var early: Result<Value, any Error>?
      var continuation: CheckedContinuation<Value, any Error>?
    }

    private let state = Mutex(State())

    func wait(_ continuation: CheckedContinuation<Value, any Error>) {
      let early = state.withLock { state in
        if state.early == nil { state.continuation = continuation }
        return state.early
      }
      if let early { continuation.resume(with: early) }
    }

    func give(_ result: Result<Value, any Error>) {
      let continuation = state.withLock { state in
        defer { state.continuation = nil }
        if state.early == nil { state.early = result }
        return state.continuation
      }
      continuation?.resume(with: result)
    }
  }
}
