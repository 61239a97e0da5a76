internal import Dispatch

/// Work that keeps a processor busy for long, away from the threads that serve everybody.
enum Offloaded {
  private static let queue = DispatchQueue(label: "tessera.pictures", qos: .utility, attributes: .concurrent)

  static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Swift.Result { try body() }) }
    }
  }
}
