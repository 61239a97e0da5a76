internal import Logging

/// A loop of a service: looks for work until the process is asked to stop.
struct ServiceLoop {
  /// What it does, in logs.
  let step: String
  let interval: Duration
  let logger: Logger
  var vitals = Vitals()

  /// What one turn may take while all servers answer; a turn that works on a run gives further signs meanwhile.
  private static let longestTurn = Duration.seconds(180)

  /// Calls `body` again and again; pauses when it had nothing to do (`false`), or failed.
  func run(_ body: () async throws -> Bool) async {
    defer { vitals.end(of: step) }
    while Pausing.goesOn {
      vitals.sign(of: step, again: interval + Self.longestTurn)
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
