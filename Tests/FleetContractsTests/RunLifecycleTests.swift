import FleetContracts
import Foundation
import Testing

/// The run's state machine, looked at as a whole: every value that it can come to, and every event in each of them.
@Suite struct RunLifecycleTests {
  /// Everything that runs of 1 to 3 passes can come to, claims being taken at most twice in a row.
  private static let reachable: Set<RunLifecycle> = {
    var seen: Set<RunLifecycle> = []
    var frontier = (1...3).map { RunLifecycle(passes: $0) }
    while let run = frontier.popLast() {
      guard run.epoch <= 8, seen.insert(run).inserted else { continue }
      for event in RunEvent.allCases {
        for caller in [nil, run.epoch - 1, run.epoch, run.epoch + 1] {
          for leaseIsOver in [false, true] {
            var next = run
            if (try? next.take(event, epoch: caller, leaseIsOver: leaseIsOver)) != nil { frontier.append(next) }
          }
        }
      }
    }
    return seen
  }()

  @Test func everyStateIsReachedAndEveryStepTaken() {
    #expect(Set(Self.reachable.map(\.state)) == Set(RunState.allCases))
    let taken = Self.reachable.flatMap { run in
      RunEvent.allCases.flatMap { event in
        [nil, run.epoch].compactMap { run.transition(on: event, epoch: $0, leaseIsOver: true) }
      }
    }
    #expect(Set(taken) == Set(RunTransition.all))
  }

  @Test func fromEveryStateAnEndIsInReach() {
    var ending = Set(RunState.allCases.filter(\.isFinal))
    for _ in RunState.allCases {
      ending.formUnion(RunTransition.all.filter { ending.contains($0.to) }.map(\.from))
    }
    #expect(ending == Set(RunState.allCases))
  }

  @Test func whatIsOverStaysAsItIsUnlessAFailedRunIsReplayed() {
    for run in Self.reachable where run.state.isFinal {
      #expect(!run.isClaimed)
      for event in RunEvent.allCases where !(run.state == .failed && event == .replay) {
        for caller in [nil, run.epoch] {
          #expect(run.transition(on: event, epoch: caller, leaseIsOver: true) == nil, "\(event) of \(run)")
        }
      }
    }
  }

  @Test func onlyTheHolderOfTheNewestClaimActsForTheRun() {
    let ofTheHolder: [RunEvent] = [.release, .plan, .completePass, .complete, .fail]
    for run in Self.reachable {
      for event in ofTheHolder {
        #expect(run.transition(on: event, epoch: run.epoch - 1) == nil, "an older claim: \(event) of \(run)")
        #expect(run.transition(on: event) == nil, "no claim: \(event) of \(run)")
        if !run.isClaimed {
          #expect(run.transition(on: event, epoch: run.epoch) == nil, "a claim handed back: \(event) of \(run)")
        }
      }
    }
  }

  @Test func aRunIsTakenFromItsHolderOnlyWhenTheLeaseIsOver() throws {
    for run in Self.reachable where run.isClaimed {
      #expect(run.transition(on: .claim) == nil)
      var taken = run
      try taken.take(.claim, leaseIsOver: true)
      #expect(taken.isClaimed && taken.epoch == run.epoch + 1 && taken.state == run.state)
    }
  }

  @Test func exactlyOneEndOfAStitchIsOpen() {
    for run in Self.reachable where run.state == .stitching && run.isClaimed {
      let ends = [RunEvent.completePass, .complete].filter { run.transition(on: $0, epoch: run.epoch) != nil }
      #expect(ends == [run.passesDone + 1 < run.passes ? .completePass : .complete])
    }
  }

  @Test func aPreparingRunIsClaimedAndAWaitingOneIsNot() {
    for run in Self.reachable {
      switch run.state {
      case .preparing: #expect(run.isClaimed)
      case .stitching: break
      default: #expect(!run.isClaimed)
      }
      #expect(run.passesDone < run.passes)
    }
  }

  @Test func aRefusedStepChangesNothingAndSaysWhat() {
    var run = RunLifecycle(passes: 1)
    #expect(throws: IllegalTransition(what: "run", state: "submitted", event: "complete")) { try run.take(.complete) }
    #expect(run == RunLifecycle(passes: 1))
  }

  // MARK: Histories

  private func moment(_ state: RunState, _ epoch: Int, _ owner: String? = nil) -> RunMoment {
    RunMoment(state: state, epoch: epoch, owner: owner, at: Date(timeIntervalSince1970: 0))
  }

  @Test func aHistoryIsReplayedStepByStep() throws {
    let history = [
      moment(.submitted, 0), moment(.preparing, 1, "a"), moment(.preparing, 2, "b"), moment(.submitted, 2),
      moment(.preparing, 3, "a"), moment(.predicting, 3), moment(.stitching, 3), moment(.stitching, 4, "c"),
      moment(.continuing, 4), moment(.preparing, 5, "a"), moment(.continuing, 5), moment(.preparing, 6, "a"),
      moment(.predicting, 6), moment(.stitching, 6), moment(.stitching, 7, "c"), moment(.stitching, 7),
      moment(.stitching, 8, "d"), moment(.completed, 8),
    ]
    let run = try RunLifecycle(replaying: history, passes: 2)
    #expect(run.state == .completed && run.epoch == 8 && run.passesDone == 1)
    // Without any one of its moments it isn't a way through the machine; but a claim may end by being handed back or by its time.
    let handedBack = [3, 10, 15]
    for index in history.indices.dropLast() where !handedBack.contains(index) {
      var damaged = history
      damaged.remove(at: index)
      #expect(throws: IllegalTransition.self, "without moment \(index)") {
        try RunLifecycle(replaying: damaged, passes: 2)
      }
    }
  }

  @Test func aRunOfOnePassDoesntContinue() {
    let history = [
      moment(.submitted, 0), moment(.preparing, 1, "a"), moment(.predicting, 1), moment(.stitching, 1),
      moment(.stitching, 2, "b"), moment(.continuing, 2),
    ]
    #expect(throws: IllegalTransition.self) { try RunLifecycle(replaying: history, passes: 1) }
    #expect(throws: Never.self) { try RunLifecycle(replaying: history, passes: 2) }
  }
}
