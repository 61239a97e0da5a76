/// The states of a training.
public enum TrainingState: String, Hashable, Sendable, Codable, CaseIterable {
  /// Some of its jobs aren't over.
  case running
  /// All of its jobs are done, and the best configuration is registered.
  case completed
  /// A job has failed for good, and nothing that doesn't need it is left to do. A retry makes it `running` again.
  case failed
  /// Nobody wanted it any more. A retry makes it `running` again.
  case cancelled

  public var isFinal: Bool { self != .running }
}

/// The states of a job of a training; `steps` has the ways between them.
public enum TrainingJobState: String, Hashable, Sendable, Codable, CaseIterable {
  /// Others must be done before.
  case waiting
  /// It may be begun; it waits in the ledger.
  case ready
  /// It is on its way to a trainer.
  case queued
  /// A trainer has it, with a lease that each of its reports renews.
  case running
  case done
  case failed
  /// Something that it needs has failed.
  case skipped
  case cancelled

  public var isFinal: Bool { [.done, .failed, .skipped, .cancelled].contains(self) }

  /// What happens to a job.
  public enum Event: String, Hashable, Sendable, CaseIterable {
    case becomeReady, queue, begin, lose, returnToBacklog, finish, fail, skip, cancel, retry, waitAgain
  }

  public struct Step: Hashable, Sendable {
    public var from: TrainingJobState
    public var event: Event
    public var to: TrainingJobState

    init(_ from: TrainingJobState, _ event: Event, _ to: TrainingJobState) {
      self.from = from
      self.event = event
      self.to = to
    }
  }

  /// All that may happen. The database refuses every other change of state.
  public static let steps: [Step] = [
    Step(.waiting, .becomeReady, .ready), Step(.waiting, .skip, .skipped), Step(.waiting, .cancel, .cancelled),
    Step(.ready, .queue, .queued), Step(.ready, .cancel, .cancelled),
    // Published, but nobody has begun with it: the broker has lost it, or whoever took it.
    Step(.queued, .begin, .running), Step(.queued, .lose, .ready), Step(.queued, .cancel, .cancelled),
    // Its lease is over, or its trainer was stopped: somebody else goes on from the last checkpoint.
    Step(.running, .lose, .ready), Step(.running, .returnToBacklog, .ready), Step(.running, .finish, .done),
    Step(.running, .fail, .failed), Step(.running, .cancel, .cancelled),
    // An operator has asked for it: once more from the last checkpoint, or again after what it needs.
    Step(.failed, .retry, .ready), Step(.cancelled, .retry, .ready), Step(.cancelled, .waitAgain, .waiting),
    Step(.skipped, .waitAgain, .waiting),
  ]

  /// - Throws: `IllegalTransition`; nothing has changed then.
  public mutating func take(_ event: Event) throws(IllegalTransition) {
    guard let step = Self.steps.first(where: { $0.from == self && $0.event == event }) else {
      throw IllegalTransition(what: "training job", state: rawValue, event: event.rawValue)
    }
    self = step.to
  }
}
