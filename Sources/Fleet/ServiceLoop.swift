internal import Logging

/// A loop of a service: looks for work until the process is asked to stop.
struct ServiceLoop {
  /// What it does, in logs.
  let step: String
  let interval: Duration
  /// Where it is shorter than `interval`, pauses begin with it and grow with the time that nothing was found.
  var shortestPause: Duration?
  let logger: Logger
  var vitals = Vitals()

  /// What one turn may take while all servers answer; a turn that works on a run gives further signs meanwhile.
  private static let longestTurn = Duration.seconds(180)
  /// Work that comes after a wait is found within this share of it.
  private static let latenessShare = 20

  /// Calls `body` again and again; pauses when it had nothing to do (`false`), or failed.
  func run(_ body: () async throws -> Bool) async {
    defer { vitals.end(of: step) }
    var foundAt = ContinuousClock.now
    while Pausing.goesOn {
      vitals.sign(of: step, again: interval + Self.longestTurn)
      do {
        if try await body() {
          foundAt = .now
          continue
        }
      } catch is CancellationError {
        return
      } catch {
        logger.warning("step failed, trying again", metadata: ["step": "\(step)", "error": "\(error)"])
      }
      await Pausing.pause(pause(idle: .now - foundAt))
    }
  }

  /// The pause before the next look, when nothing has been found for `idle`.
  func pause(idle: Duration) -> Duration {
    guard let shortestPause else { return interval }
    return min(interval, max(shortestPause, idle / Self.latenessShare))
  }
}
