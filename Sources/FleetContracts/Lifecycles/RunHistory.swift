public import Foundation

/// A moment of a run's way: it came into a state, or was claimed in it, or handed back.
public struct RunMoment: Hashable, Sendable {
  public var state: RunState
  /// From then on.
  public var epoch: Int
  /// The process that holds the run from then on; `nil` for nobody.
  public var owner: String?
  /// By the ledger's clock.
  public var at: Date

  public init(state: RunState, epoch: Int, owner: String?, at: Date) {
    self.state = state
    self.epoch = epoch
    self.owner = owner
    self.at = at
  }
}

/// What a ledger remembers of the ways that runs have taken.
public protocol RunHistories: Sendable {
  /// Every moment of the run since it was submitted, oldest first; none for a run that isn't there.
  func history(of run: RunID) async throws -> [RunMoment]
}

extension RunLifecycle {
  /// Takes the one step that leads from here to `moment`.
  /// - Throws: `IllegalTransition` when no step does.
  public mutating func follow(_ moment: RunMoment) throws(IllegalTransition) {
    for event in RunEvent.allCases {
      var next = self
      do {
        try next.take(event, epoch: epoch, leaseIsOver: true)
      } catch {
        continue
      }
      if next.state == moment.state && next.epoch == moment.epoch && next.isClaimed == (moment.owner != nil) {
        self = next
        return
      }
    }
    throw IllegalTransition(
      what: "run", state: "\(state.rawValue) (epoch \(epoch), \(isClaimed ? "claimed" : "free"))",
      event: "to \(moment.state.rawValue) (epoch \(moment.epoch), \(moment.owner == nil ? "free" : "claimed"))")
  }

  /// The run that has gone the way of `history`, step by step from its submission.
  /// - Throws: `IllegalTransition` at the first step that the state machine doesn't have.
  public init(replaying history: some Collection<RunMoment>, passes: Int) throws(IllegalTransition) {
    self.init(passes: passes)
    guard let first = history.first else { return }
    guard first.state == .submitted, first.epoch == 0, first.owner == nil else {
      throw IllegalTransition(what: "run", state: "not yet submitted", event: "to \(first.state.rawValue)")
    }
    for moment in history.dropFirst() { try follow(moment) }
  }
}
