internal import FleetContracts
internal import Synchronization

/// The results that this worker told lately, for jobs that come again.
///
/// A job whose acknowledgement came too late, as the connection was lost or the broker's patience with a long tile was over, is
/// delivered again. Its result is told again then, and not computed again: a tile that takes longer than the broker waits would
/// otherwise go round for ever.
final class ToldResults: Sendable {
  private static let most = 256

  private struct State {
    var results: [String: QueueMessage] = [:]
    var order: [String] = []
  }

  private let state = Mutex(State())

  /// The result of the job that came in a message of this identifier.
  subscript(job: String) -> QueueMessage? { state.withLock { $0.results[job] } }

  func told(_ result: QueueMessage, of job: String) {
    state.withLock { state in
      if state.results.updateValue(result, forKey: job) == nil { state.order.append(job) }
      if state.order.count > Self.most { state.results[state.order.removeFirst()] = nil }
    }
  }
}
