internal import Logging

/// A loop of a service: looks for work until the process is asked to stop.
struct ServiceLoop {
  /// What it does, in logs.
  let step: String
  let interval: Duration
  let logger: Logger

  /// Calls `body` again and again; pauses when it had nothing to do (`false`), or failed.
  func run(_ body: () async throws -> Bool) async {
    while Pausing.goesOn {
      do {
        if try await body() { continue }
      } catch is CancellationError {
        return
      } catch {
        logger.warning("step failed, trying again", metadata: ["step": "\(step)", "error": "\(error)"])
      }
      await Pausing.pause(interval)
    }
  }
}
