internal import FleetContracts

/// How far ahead of the workers tiles are handed out, and how often the dispatcher looks: learned from how long tiles take.
///
/// What lies in the broker can't be overtaken any more, so as little as possible lies there: never as many waiting tiles as there are
/// slots. While all slots are busy, each of them becomes free within one tile's time, so whatever is published next (a STAT study's first
/// tile) begins after less than that. A single slot gets its next tile just before it has finished the one in hand.
///
/// A value without I/O or clock.
struct DispatchPace {
  /// Keeps a tile waiting for each slot, whatever comes: where there is only one run, as on a laptop.
  let keepsAhead: Bool
  /// The longest pause between two looks.
  let longestPause: Duration

  private var last: (queued: Int, slots: Int, at: Duration)?
  /// When a single slot began with the tile in hand.
  private var begunAt: Duration?
  /// Slots busy, times seconds; and the tiles that ended in that time. Their ratio is a tile's time in a slot (Little's law).
  private var busySeconds = 0.0
  private var ended = 0.0

  /// Seconds between a slot's becoming free and its next tile's arrival that a window must cover: result, record, look, publication.
  private static let lead = 0.1
  /// The same as a share of the tile's time, as the pause between looks grows with it.
  private static let leadShare = 0.05
  /// After so many tiles what was learned earlier counts half.
  private static let memory = 64.0
  private static let shortestPause = Duration.milliseconds(10)

  init(keepsAhead: Bool = false, longestPause: Duration) {
    self.keepsAhead = keepsAhead
    self.longestPause = longestPause
  }

  /// Seconds that a slot spends on a tile, as far as it is known.
  var tileSeconds: Double? { ended >= 1 ? busySeconds / ended : nil }

  /// Takes note of a move.
  mutating func note(_ report: DispatchReport, slots: Int, at now: Duration) {
    let found = report.queued - report.moved
    if let last {
      let done = max(0, last.queued - found)
      let busy = Double(min(last.queued, last.slots) + min(found, slots)) / 2
      busySeconds += busy * max(0, (now - last.at).seconds)
      ended += Double(done)
      if done > 0 || last.queued == 0 { begunAt = now }
      if ended > Self.memory { (busySeconds, ended) = (busySeconds / 2, ended / 2) }
    } else {
      begunAt = now
    }
    last = (report.queued, slots, now)
  }

  /// What may be handed out now.
  /// - Parameters:
  ///   - slots: consumers of the queue; those of workers that are being stopped have left it.
  ///   - ready: messages that waited there `age` ago.
  func window(slots: Int, ready: Int, age: Duration, at now: Duration) -> DispatchWindow {
    let ahead = ahead(slots: slots, at: now)
    let waiting = ahead > 0 ? DispatchWindow.Waiting(limit: ahead, found: ready, age: age) : nil
    return DispatchWindow(inFlight: slots + ahead, waiting: waiting)
  }

  /// Tiles that may wait at the broker.
  private func ahead(slots: Int, at now: Duration) -> Int {
    if keepsAhead { return slots }
    guard slots > 1 else { return slots == 1 && isNearlyDone(at: now) ? 1 : 0 }
    guard let tileSeconds, tileSeconds > 0 else { return slots - 1 }
    let needed = Double(slots) * (Self.leadShare + Self.lead / tileSeconds)
    return needed < Double(slots - 1) ? max(1, Int(needed.rounded(.up))) : slots - 1
  }

  private func isNearlyDone(at now: Duration) -> Bool {
    guard let tileSeconds, let begunAt, let last, last.queued == 1 else { return false }
    return (now - begunAt).seconds > tileSeconds * (1 - 2 * Self.leadShare) - Self.lead / 2
  }

  /// Until the next look: a fiftieth of a tile's time while tiles are on their way.
  var pause: Duration {
    guard let last, last.queued > 0 else { return longestPause }
    guard let tileSeconds else { return min(longestPause, Self.shortestPause * 2) }
    return min(longestPause, max(Self.shortestPause, .seconds(tileSeconds / 50)))
  }
}
