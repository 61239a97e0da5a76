/// Handing work out in the right order and not too early: what waits in the ledger can still be overtaken, what lies in the broker can't.
public protocol JustInTimeDispatching: Sendable {
  /// Moves tiles that are due from the backlog into the outbox, as many as the window has room for, in the order of `DispatchShares`. Paused
  /// runs are passed over.
  func enqueueTiles(_ window: DispatchWindow) async throws -> DispatchReport

  /// A run of one of `classes` of which a pass waits to be prepared (or whose preparer's lease is over), now `preparing` and the caller's.
  ///
  /// Runs that are past due come first, then the more urgent class; within a class the tenant with the fewest runs in work, then what is
  /// due first. Paused runs are passed over.
  func claimSubmittedRun(of classes: Set<RunClass>, owner: String, lease: Duration) async throws -> RunClaim?
}

/// How many tiles may be handed out.
public struct DispatchWindow: Hashable, Sendable {
  /// Tiles that may be on their way without a result: in the outbox, at the broker, or with a worker.
  public var inFlight: Int
  /// What waits at the broker, where that is known: results that are slow to be recorded, or tiles that got lost, then don't keep slots idle.
  public var waiting: Waiting?

  public struct Waiting: Hashable, Sendable {
    /// Messages that may wait there.
    public var limit: Int
    /// Messages that waited there a moment ago.
    public var found: Int
    /// How long ago that was.
    public var age: Duration

    public init(limit: Int, found: Int, age: Duration) {
      self.limit = limit
      self.found = found
      self.age = age
    }
  }

  public init(inFlight: Int, waiting: Waiting? = nil) {
    self.inFlight = inFlight
    self.waiting = waiting
  }

  /// Tiles that may be moved now.
  /// - Parameters:
  ///   - queued: tiles on their way without a result.
  ///   - unpublished: those of them that are in the outbox.
  ///   - lastMove: how long ago tiles were moved, by whomever.
  public func room(queued: Int, unpublished: Int, lastMove: Duration) -> Int {
    var room = inFlight - queued
    // What another dispatcher has moved since the look at the broker isn't in the number found there.
    if let waiting, lastMove > waiting.age { room = max(room, waiting.limit - waiting.found - unpublished) }
    return max(0, room)
  }
}

/// What a move has brought.
public struct DispatchReport: Hashable, Sendable {
  public var moved: Int
  /// Tiles on their way without a result, those that were moved among them.
  public var queued: Int

  public init(moved: Int, queued: Int) {
    self.moved = moved
    self.queued = queued
  }
}
