/// How far a run has come: its state, its claim, its passes. Takes the steps of `RunTransition.all` and no others.
///
///     var run = RunLifecycle(passes: 1)
///     try run.take(.claim)                   // preparing, epoch 1
///     try run.take(.plan, epoch: run.epoch)  // predicting
///
/// A value without clock or storage: whether a lease is over is the caller's knowledge. Both ledgers decide by it, and recorded
/// histories are held against it (`follow`).
public struct RunLifecycle: Hashable, Sendable {
  public private(set) var state: RunState
  /// Grows by one with each claim, and when the run is cancelled, replayed, or its tiles are taken back.
  public private(set) var epoch: Int
  /// Whether somebody holds the run; a lease that is over counts until the next claim.
  public private(set) var isClaimed: Bool
  /// Passes that are done, without the last one, whose end is the run's.
  public private(set) var passesDone: Int
  /// Passes that the run was submitted with.
  public let passes: Int

  /// A run as the ledger has it; by default one that was just submitted.
  public init(
    state: RunState = .submitted, epoch: Int = 0, isClaimed: Bool = false, passesDone: Int = 0, passes: Int
  ) {
    self.state = state
    self.epoch = epoch
    self.isClaimed = isClaimed
    self.passesDone = passesDone
    self.passes = passes
  }

  /// The step that the event would make; `nil` when it is refused.
  /// - Parameters:
  ///   - epoch: the caller's claim, for what only the holder may do.
  ///   - leaseIsOver: whether the present holder's time is over.
  public func transition(on event: RunEvent, epoch caller: Int? = nil, leaseIsOver: Bool = false) -> RunTransition? {
    RunTransition.all.first {
      $0.from == state && $0.event == event && holds($0.condition) && $0.right.isGiven(self, caller, leaseIsOver)
    }
  }

  /// - Throws: `IllegalTransition`; nothing has changed then.
  public mutating func take(
    _ event: RunEvent, epoch caller: Int? = nil, leaseIsOver: Bool = false
  ) throws(IllegalTransition) {
    guard let step = transition(on: event, epoch: caller, leaseIsOver: leaseIsOver) else {
      throw IllegalTransition(what: "run", state: state.rawValue, event: event.rawValue)
    }
    apply(step)
  }

  private mutating func apply(_ step: RunTransition) {
    if step.event == .completePass { passesDone += 1 }
    if step.claim == .taken || step.claim == .revoked { epoch += 1 }
    isClaimed = step.claim == .taken
    state = step.to
  }

  private func holds(_ condition: RunTransition.Condition) -> Bool {
    switch condition {
    case .anyPass: true
    case .firstPass: passesDone == 0
    case .laterPass: passesDone > 0
    case .notTheLastPass: passesDone + 1 < passes
    case .lastPass: passesDone + 1 == passes
    }
  }
}

extension RunTransition.Right {
  fileprivate func isGiven(_ run: RunLifecycle, _ caller: Int?, _ leaseIsOver: Bool) -> Bool {
    switch self {
    case .whoeverFindsItFree: !run.isClaimed || leaseIsOver
    case .holder: run.isClaimed && caller == run.epoch
    case .anybody: true
    }
  }
}

/// A step that a state machine doesn't have.
public struct IllegalTransition: Error, Hashable, CustomStringConvertible {
  /// `run`, `pass` or `tile`.
  public var what: String
  public var state: String
  /// What was to happen, or the state that was to be entered.
  public var event: String

  public init(what: String, state: String, event: String) {
    self.what = what
    self.state = state
    self.event = event
  }

  public var description: String {
    "A \(what) that is \(state) was to take the step \(event), which it can't; this is a mistake of the program, please report it."
  }
}
