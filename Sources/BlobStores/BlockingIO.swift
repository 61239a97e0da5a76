internal import Dispatch

/// Disk and digests off Swift's cooperative pool: an `fsync` on a busy disk may take seconds, and a network share may hang.
enum BlockingIO {
  private static let queue = DispatchQueue(label: "tessera.blobs", attributes: .concurrent)

  static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }
}
