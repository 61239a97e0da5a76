internal import FleetContracts
internal import Synchronization

/// What a worker has heard from others that keeps it from jobs: whether it is quarantined, and which runs are cancelled.
///
/// Whoever was quarantined takes jobs again when it is released, or when nothing was heard of the quarantine for some time: it is
/// announced again and again as long as it is in force, and the ledger refuses results of a quarantined worker in any case.
final class WorkerGate: Sendable {
  /// Cancelled runs that are remembered, the latest ones.
  private static let mostRuns = 1000
  /// Four announcements may be missed.
  private static let patience = Quarantine.announcementInterval * 5

  private struct State {
    var closedUntil: ContinuousClock.Instant?
    var runs: Set<RunID> = []
    /// In the order of their coming.
    var order: [RunID] = []
  }

  private let worker: String
  private let state = Mutex(State())

  /// - Parameter worker: the name of this worker.
  init(worker: String) { self.worker = worker }

  /// Whether this worker may take jobs.
  var isOpen: Bool {
    let now = ContinuousClock.now
    return state.withLock { state in state.closedUntil.map { $0 <= now } ?? true }
  }

  func isCancelled(_ run: RunID) -> Bool { state.withLock { $0.runs.contains(run) } }

  /// Takes an announcement.
  /// - Returns: Whether this worker has been quarantined or released by it.
  func hear(_ announcement: Announcement) -> Bool {
    let wasOpen = isOpen
    state.withLock { state in
      switch announcement {
      case .quarantined(worker, _): state.closedUntil = ContinuousClock.now + Self.patience
      case .released(worker): state.closedUntil = nil
      case .quarantined, .released, .trainingStopped: break
      case .cancelled(let run):
        guard state.runs.insert(run).inserted else { return }
        state.order.append(run)
        if state.order.count > Self.mostRuns { state.runs.remove(state.order.removeFirst()) }
      }
    }
    return isOpen != wasOpen
  }
}
