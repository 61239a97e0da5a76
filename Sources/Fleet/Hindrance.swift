internal import Logging
internal import Synchronization

/// Something that keeps a step from its work for a while: said when it begins, when it changes and when it has passed, not each time that
/// it is met.
final class Hindrance: Sendable {
  private let step: String
  private let logger: Logger
  private let reason = Mutex(String?.none)

  init(step: String, logger: Logger) {
    self.step = step
    self.logger = logger
  }

  /// - Parameter reason: why the step can't be done now; `nil` when it can.
  func note(_ reason: String?) {
    let before = self.reason.withLock { known in
      defer { known = reason }
      return known
    }
    guard reason != before else { return }
    if let reason {
      logger.warning("step is held back", metadata: ["step": "\(step)", "reason": "\(reason)"])
    } else {
      logger.notice("step goes on", metadata: ["step": "\(step)"])
    }
  }
}
