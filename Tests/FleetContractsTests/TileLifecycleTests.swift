import FleetContracts
import Testing

@Suite struct TileLifecycleTests {
  @Test func theFirstResultIsTakenInEveryStateButTheLastTwo() {
    for state in TileState.allCases { #expect((state.after(.accept) == .done) == !state.isFinal) }
  }

  @Test func onlyADamagedResultIsTakenBackAndOnlyAnOperatorReplaysADeadTile() {
    for event in TileEvent.allCases {
      #expect(TileState.done.after(event) == (event == .takeBack ? .planned : nil))
      #expect(TileState.dead.after(event) == (event == .replay ? .planned : nil))
    }
  }

  @Test func onlyATileInTheBacklogIsEnqueuedAndOnlyAQueuedOneIsGivenUp() {
    for state in TileState.allCases {
      #expect((state.after(.enqueue) != nil) == (state == .planned))
      #expect((state.after(.giveUpForLost) != nil) == (state == .queued))
    }
  }

  @Test func fromEveryStateAnEndIsInReach() {
    for state in TileState.allCases where !state.isFinal {
      #expect(state.after(.accept) == .done && state.after(.die) == .dead)
    }
  }

  @Test func aRefusedStepChangesNothingAndSaysWhat() {
    var state = TileState.dead
    #expect(throws: IllegalTransition(what: "tile", state: "dead", event: "accept")) { try state.take(.accept) }
    #expect(state == .dead)
  }

  @Test func aPassIsPlannedOnceAndDoneOnce() {
    let steps = PassState.allCases.flatMap { state in
      PassEvent.allCases.compactMap { event in state.after(event).map { "\(state) \(event) \($0)" } }
    }
    #expect(steps == ["requested plan planned", "planned complete done"])
  }
}
