/// What happens to a run.
public enum RunEvent: String, Hashable, Sendable, CaseIterable {
  /// A dispatcher or an aggregator takes the run for the length of a lease.
  case claim
  /// The holder hands it back unfinished.
  case release
  /// The holder has preprocessed the pass in work and planned its tiles.
  case plan
  /// The last missing tile of the pass in work is in.
  case finishTiles
  /// The holder has stitched a pass that others follow.
  case completePass
  /// The holder has stitched the last pass.
  case complete
  /// The holder gives the run up.
  case fail
  /// A tile of the pass in work is dead.
  case loseTile
  /// Results of the pass in work are damaged or from a broken worker: their tiles are computed again.
  case takeBackTiles
  /// An operator sends the dead tiles on their way again.
  case replay
  /// Nobody wants it any more.
  case cancel
}

/// A step that a run may take: one line of the run's state machine.
public struct RunTransition: Hashable, Sendable {
  /// Who may cause it.
  public enum Right: Hashable, Sendable {
    /// Whoever asks, when nobody holds the run or its holder's lease is over.
    case whoeverFindsItFree
    /// The holder, by the epoch of the claim.
    case holder
    /// Whoever brings the news, such as a tile result.
    case anybody
  }

  /// Which pass must be in work.
  public enum Condition: Hashable, Sendable {
    case anyPass
    /// None is done yet.
    case firstPass
    /// At least one is done.
    case laterPass
    /// Others follow it.
    case notTheLastPass
    case lastPass
  }

  /// What becomes of the claim.
  public enum ClaimEffect: Hashable, Sendable {
    /// It is the caller's, with an epoch greater by one: whoever held the run before is fenced.
    case taken
    /// The run is nobody's.
    case dropped
    /// The run is nobody's, and the epoch grows: whoever held it is fenced.
    case revoked
    /// Nobody holds the run, before and after.
    case none
  }

  public var from: RunState
  public var event: RunEvent
  public var to: RunState
  public var right: Right
  public var condition: Condition
  public var claim: ClaimEffect

  private init(
    _ from: RunState, _ event: RunEvent, _ to: RunState, _ right: Right, _ condition: Condition = .anyPass,
    claim: ClaimEffect
  ) {
    self.from = from
    self.event = event
    self.to = to
    self.right = right
    self.condition = condition
    self.claim = claim
  }

  /// The whole machine. What isn't here doesn't happen: ledgers refuse it, and so does the database (`fleet.run_transitions`).
  public static let all: [RunTransition] = [
    RunTransition(.submitted, .claim, .preparing, .whoeverFindsItFree, claim: .taken),
    RunTransition(.continuing, .claim, .preparing, .whoeverFindsItFree, claim: .taken),
    RunTransition(.preparing, .claim, .preparing, .whoeverFindsItFree, claim: .taken),
    RunTransition(.preparing, .release, .submitted, .holder, .firstPass, claim: .dropped),
    RunTransition(.preparing, .release, .continuing, .holder, .laterPass, claim: .dropped),
    RunTransition(.preparing, .plan, .predicting, .holder, claim: .dropped),
    RunTransition(.preparing, .fail, .failed, .holder, claim: .dropped),
    RunTransition(.predicting, .finishTiles, .stitching, .anybody, claim: .none),
    RunTransition(.predicting, .loseTile, .failed, .anybody, claim: .none),
    RunTransition(.stitching, .claim, .stitching, .whoeverFindsItFree, claim: .taken),
    RunTransition(.stitching, .release, .stitching, .holder, claim: .dropped),
    RunTransition(.stitching, .completePass, .continuing, .holder, .notTheLastPass, claim: .dropped),
    RunTransition(.stitching, .complete, .completed, .holder, .lastPass, claim: .dropped),
    RunTransition(.stitching, .fail, .failed, .holder, claim: .dropped),
    RunTransition(.stitching, .takeBackTiles, .predicting, .anybody, claim: .revoked),
    RunTransition(.failed, .replay, .predicting, .anybody, claim: .revoked),
    RunTransition(.submitted, .cancel, .cancelled, .anybody, claim: .revoked),
    RunTransition(.preparing, .cancel, .cancelled, .anybody, claim: .revoked),
    RunTransition(.predicting, .cancel, .cancelled, .anybody, claim: .revoked),
    RunTransition(.stitching, .cancel, .cancelled, .anybody, claim: .revoked),
    RunTransition(.continuing, .cancel, .cancelled, .anybody, claim: .revoked),
  ]
}
