public import Foundation

/// How the whole fleet stands at a moment, as the ledger knows it: what `/metrics` and `tessera top` show.
public struct FleetOverview: Hashable, Sendable, Codable {
  /// Runs of a class in a state, since the beginning.
  public struct RunCount: Hashable, Sendable, Codable {
    public var state: RunState
    public var runClass: RunClass
    public var count: Int

    public init(state: RunState, runClass: RunClass, count: Int) {
      self.state = state
      self.runClass = runClass
      self.count = count
    }
  }

  /// Tiles of a class that have no result yet. Runs whose tiles aren't planned yet count nothing here.
  public struct OutstandingTiles: Hashable, Sendable, Codable {
    public var runClass: RunClass
    /// In the backlog.
    public var planned: Int
    /// In the outbox, at the broker, or with a worker.
    public var queued: Int

    public init(runClass: RunClass, planned: Int, queued: Int) {
      self.runClass = runClass
      self.planned = planned
      self.queued = queued
    }
  }

  /// A run that isn't over.
  public struct RunInWork: Hashable, Sendable, Codable {
    public var run: RunID
    public var model: String
    public var runClass: RunClass
    public var tenant: String
    public var state: RunState
    /// Passes, and the one in work, from 0.
    public var passes: Int
    public var position: Int
    /// Of the pass in work; 0 until it is planned.
    public var plannedTiles: Int
    public var acceptedTiles: Int
    public var submittedAt: Date
    /// Results of this run within the window.
    public var recentTiles: Int

    public init(
      run: RunID, model: String, runClass: RunClass, tenant: String, state: RunState, passes: Int, position: Int,
      plannedTiles: Int, acceptedTiles: Int, submittedAt: Date, recentTiles: Int
    ) {
      self.run = run
      self.model = model
      self.runClass = runClass
      self.tenant = tenant
      self.state = state
      self.passes = passes
      self.position = position
      self.plannedTiles = plannedTiles
      self.acceptedTiles = acceptedTiles
      self.submittedAt = submittedAt
      self.recentTiles = recentTiles
    }
  }

  /// Runs of a class that weren't completed by their deadline, since the beginning.
  public struct DeadlineMisses: Hashable, Sendable, Codable {
    public var runClass: RunClass
    public var count: Int

    public init(runClass: RunClass, count: Int) {
      self.runClass = runClass
      self.count = count
    }
  }

  /// Dead letters since the beginning, by why they died.
  public struct DeadLetterCount: Hashable, Sendable, Codable {
    /// A `FailureKind`, or `unreadable` for messages.
    public var reason: String
    public var count: Int

    public init(reason: String, count: Int) {
      self.reason = reason
      self.count = count
    }
  }

  /// The length of the window that rates are taken from, in minutes.
  public static let window = 10
  /// At most so many runs in work are listed, the most urgent and oldest first.
  public static let mostRuns = 50

  /// By the ledger's clock.
  public var at: Date
  public var runs: [RunCount]
  public var outstanding: [OutstandingTiles]
  /// How long the oldest message has waited to be published, in seconds; 0 when none waits.
  public var outboxLag: Double
  /// Tiles that were accepted in each of the last minutes, the latest minute last.
  public var tilesByMinute: [Int]
  public var runsInWork: [RunInWork]
  /// Tiles that have used up their attempts.
  public var deadTiles: Int
  /// Results that differ from the accepted one of their tile.
  public var digestConflicts: Int
  public var deadlineMisses: [DeadlineMisses]
  public var deadLetters: [DeadLetterCount]
  public var attention: FleetAttention
  public var events: EventBacklog

  public init(
    at: Date, runs: [RunCount] = [], outstanding: [OutstandingTiles] = [], outboxLag: Double = 0,
    tilesByMinute: [Int] = [], runsInWork: [RunInWork] = [], deadTiles: Int = 0,
    digestConflicts: Int = 0, deadlineMisses: [DeadlineMisses] = [], deadLetters: [DeadLetterCount] = [],
    attention: FleetAttention = FleetAttention(), events: EventBacklog = EventBacklog()
  ) {
    self.at = at
    self.runs = runs
    self.outstanding = outstanding
    self.outboxLag = outboxLag
    self.tilesByMinute = tilesByMinute
    self.runsInWork = runsInWork
    self.deadTiles = deadTiles
    self.digestConflicts = digestConflicts
    self.deadlineMisses = deadlineMisses
    self.deadLetters = deadLetters
    self.attention = attention
    self.events = events
  }
}
