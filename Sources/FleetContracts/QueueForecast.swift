public import Digests
public import Foundation

/// Where each run stands, for forecasts of their ends: what a ledger knows, without any guess.
public struct QueueLook: Hashable, Sendable {
  /// A run that goes on.
  public struct Run: Hashable, Sendable {
    public var run: RunID
    public var runClass: RunClass
    public var tenant: Tenant
    public var due: Date
    public var submittedAt: Date
    public var state: RunState
    public var isPaused: Bool
    /// The model of the pass in work; of the first one before that is planned.
    public var model: Digest
    /// Tiles of the pass in work that wait in the ledger.
    public var waitingTiles: Int
    /// Those that are on their way, at the broker or with workers.
    public var queuedTiles: Int
    public var tileOperations: Double
    /// The models of passes that aren't planned yet, in order.
    public var laterPasses: [Digest]

    public init(
      run: RunID, runClass: RunClass, tenant: Tenant, due: Date, submittedAt: Date, state: RunState, isPaused: Bool,
      model: Digest, waitingTiles: Int, queuedTiles: Int, tileOperations: Double, laterPasses: [Digest]
    ) {
      self.run = run
      self.runClass = runClass
      self.tenant = tenant
      self.due = due
      self.submittedAt = submittedAt
      self.state = state
      self.isPaused = isPaused
      self.model = model
      self.waitingTiles = waitingTiles
      self.queuedTiles = queuedTiles
      self.tileOperations = tileOperations
      self.laterPasses = laterPasses
    }
  }

  public var runs: [Run]
  public var speeds: FleetSpeeds
  /// Seconds of a pass outside workers (reading, preprocessing, stitching, export), by model, as completed runs have needed them lately.
  public var stepSeconds: [Digest: Double]
  /// Worker slots at work: of workers that run, and were seen lately.
  public var slots: Int

  public init(runs: [Run], speeds: FleetSpeeds, stepSeconds: [Digest: Double], slots: Int) {
    self.runs = runs
    self.speeds = speeds
    self.stepSeconds = stepSeconds
    self.slots = slots
  }
}

/// What is shown of a run that isn't over: its place, and when it will probably be done.
public struct QueueForecast: Hashable, Sendable {
  /// Its place among the runs that aren't over, in the order of their expected ends, from 1.
  public var position: Int
  public var runs: Int
  /// Seconds from now until it is done, that half of all such runs stay below; `nil` while nothing can be said (`reason`).
  public var median: Double?
  /// The same that nine of ten stay below.
  public var ninetieth: Double?
  /// Why there is no forecast.
  public var reason: Reason?

  public init(
    position: Int, runs: Int, median: Double? = nil, ninetieth: Double? = nil, reason: Reason? = nil
  ) {
    self.position = position
    self.runs = runs
    self.median = median
    self.ninetieth = ninetieth
    self.reason = reason
  }

  public enum Reason: String, Hashable, Sendable, Codable {
    case noWorkers
    case paused
  }
}

/// Looking at the whole queue.
public protocol QueueLooking: Sendable {
  func queueLook() async throws -> QueueLook
}

extension QueueLook {
  /// How much the speed of one run's tiles differs from the mean of all runs of its model, as a share: machines, images, neighbours.
  static let spread = 0.1
  /// So many steps of handing out are played through at most; tiles are taken together where there are more.
  private static let steps = 2000
  /// The 90th percentile of the normal distribution, in standard deviations.
  private static let ninetieth = 1.2816

  /// Forecasts a run's end, if nothing more urgent is submitted and the number of slots stays:
  ///
  ///     median = max(seconds of all tiles up to the run's last one / slots, preparation) + last tiles + steps
  ///
  /// All tiles up to its last one: those on their way (half done), and those that `DispatchShares` hands out before, played through
  /// with predicted seconds (operations times measured seconds per operation). The 90th percentile adds 1.28 standard deviations, made of
  /// the tiles' measured deviation and of `spread` for each run that is in front.
  ///
  /// - Returns: `nil` when the run isn't among those that go on.
  public func forecast(of run: RunID) -> QueueForecast? {
    guard let target = runs.first(where: { $0.run == run }) else { return nil }
    var forecast = QueueForecast(position: 1, runs: runs.count)
    guard !target.isPaused else {
      forecast.reason = .paused
      forecast.position = runs.count
      return forecast
    }
    let front = inFront(of: target)
    forecast.position = 1 + front.earlierRuns
    guard slots > 0 || front.tileSeconds == 0 else {
      forecast.reason = .noWorkers
      return forecast
    }
    let slots = Double(max(1, slots))
    let steps = ownSteps(target)
    let preparing = target.state == .submitted || target.state == .preparing ? steps / 2 : 0
    let speed = speeds.speed(of: target.model)
    let operations = expectedTileOperations(target)
    let (tile, deviation) = (speed.secondsPerOperation * operations, speed.deviation * operations)
    let tail =
      front.ownSeconds > 0
      ? lastTiles(tile, deviation, slots: slots, atOnce: min(slots, front.ownSeconds / max(tile, 1e-9))) : 0
    let median = max(front.tileSeconds / slots, preparing) + tail + steps - preparing
    let variance =
      front.variance / (slots * slots) + (front.ownSeconds > 0 ? deviation * deviation : 0)
      + steps * steps * 4 * Self.spread * Self.spread
    forecast.median = median
    forecast.ninetieth = median + Self.ninetieth * variance.squareRoot()
    return forecast
  }

  /// What the end of the run's last tile is behind the moment at which all work up to it would be done if it could be divided at will.
  /// - Parameter atOnce: tiles of the run that are in work together in the end.
  private func lastTiles(_ tile: Double, _ deviation: Double, slots: Double, atOnce: Double) -> Double {
    // When the last tile begins, the other slots have, on average, half a tile before them. Some of those tiles are slow and end behind it:
    // about the largest of so many normal deviates as end within a deviation of each other. The factor was fitted to simulated fleets.
    let late = 0.8 * deviation * log(1 + atOnce * deviation / max(tile, 1e-9)).squareRoot()
    return tile * (1 - 1 / slots) / 2 + late
  }

  private struct Front {
    /// Seconds of a slot for all tiles up to the run's last one.
    var tileSeconds = 0.0
    /// The run's own part of them.
    var ownSeconds = 0.0
    /// Of `tileSeconds`.
    var variance = 0.0
    var earlierRuns = 0
  }

  private func inFront(of target: Run) -> Front {
    var front = Front()
    var seconds: [RunID: Double] = [:]  // in front, by run
    var backlog: [BacklogRun] = []
    var cost: [PassID: (run: Run, tile: Double)] = [:]
    var lines: [RunID: PassID] = [:]
    let waiting = runs.filter { !$0.isPaused && $0.state != .stitching }
    let tiles = waiting.reduce(0) { $0 + $1.waitingTiles + $1.laterPasses.count }
    let together = max(1, (tiles + Self.steps - 1) / Self.steps)
    for run in runs {
      let tile = speeds.speed(of: run.model).secondsPerOperation * run.tileOperations
      seconds[run.run] = Double(run.queuedTiles) * tile / 2
    }
    for run in waiting {
      let tile = speeds.speed(of: run.model).secondsPerOperation * run.tileOperations
      let later = run.laterPasses.reduce(0) {
        $0 + speeds.speed(of: $1).secondsPerOperation * (speeds.passOperations[$1] ?? 0)
      }
      let all = Double(run.waitingTiles) * tile + later
      guard all > 0 else { continue }
      // Groups of tiles of equal cost.
      let groups = max(1, (run.waitingTiles + run.laterPasses.count * typicalTiles(run)) / together)
      let pass = PassID()
      cost[pass] = (run, all / Double(groups))
      lines[run.run] = pass
      backlog.append(
        BacklogRun(
          run: run.run, pass: pass, runClass: run.runClass, tenant: run.tenant, due: run.due,
          submittedAt: run.submittedAt, tiles: groups, tileCost: all / Double(groups) * 1e6))
    }
    var shares = DispatchShares()
    let order = shares.choose(from: backlog, room: backlog.reduce(0) { $0 + $1.tiles })
    let last = order.lastIndex { cost[$0]?.run.run == target.run }
    if let last {
      for pass in order[...last] {
        if let (run, tile) = cost[pass] { seconds[run.run, default: 0] += tile }
      }
    }
    // Those whose last tile goes before its last one; a run in the last stitch has no tiles left.
    let end = last ?? -1
    let lasts = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
    front.earlierRuns = runs.count { run in
      guard run.run != target.run, !run.isPaused else { return false }
      let place = lines[run.run].flatMap { lasts[$0] } ?? -1
      return place < end
        || (place == end && (run.submittedAt, run.run.description) < (target.submittedAt, target.run.description))
    }
    // Once its last tile is on its way, what others have on their way is beside it and not in front of it.
    for run in runs where last != nil || run.run == target.run {
      let own = seconds[run.run] ?? 0
      let speed = speeds.speed(of: run.model)
      let tile = max(speed.secondsPerOperation * expectedTileOperations(run), 1e-9)
      let relative = speed.secondsPerOperation > 0 ? speed.deviation / speed.secondsPerOperation : 0
      front.tileSeconds += own
      front.variance += own * Self.spread * own * Self.spread + own * tile * relative * relative
      if run.run == target.run { front.ownSeconds = own }
    }
    return front
  }

  /// Seconds outside workers that the run still needs.
  private func ownSteps(_ run: Run) -> Double {
    let current = stepSeconds[run.model] ?? 0
    let rest = run.laterPasses.dropFirst(run.state == .submitted || run.state == .preparing ? 1 : 0)
      .reduce(0) { $0 + (stepSeconds[$1] ?? 0) }
    return (run.state == .submitted || run.state == .preparing ? current : current / 2) + rest
  }

  /// Of the pass in work, or, before it is planned, what a tile of the model usually has.
  private func expectedTileOperations(_ run: Run) -> Double {
    if run.tileOperations > 0 { return run.tileOperations }
    return (speeds.passOperations[run.model] ?? 0) / Double(typicalTiles(run))
  }

  /// Tiles of a pass that isn't planned yet, for want of knowledge as many as the mean of those that are.
  private func typicalTiles(_ run: Run) -> Int {
    let known = runs.filter { $0.waitingTiles + $0.queuedTiles > 0 }
    guard !known.isEmpty else { return 64 }
    return max(1, known.reduce(0) { $0 + $1.waitingTiles + $1.queuedTiles } / known.count)
  }
}
