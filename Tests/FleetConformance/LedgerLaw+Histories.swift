internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let histories = [
    LedgerLaw("a run's history is the way that it has gone, and a way through the state machine") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let first = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(10)))
      try await bench.advance(by: .seconds(11))
      let second = try #require(try await ledger.claimStitch(owner: "b", lease: .seconds(10)))
      try await ledger.release(second.claim)
      let third = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(10)))
      try await ledger.complete(third.claim, LedgerBench.outcome)
      await bench.expectFenced(planned.run) { try await ledger.complete(first.claim, LedgerBench.outcome) }

      let history = try await ledger.history(of: planned.run)
      #expect(
        history.map(\.state) == [
          .submitted, .preparing, .predicting, .stitching, .stitching, .stitching, .stitching, .stitching, .completed,
        ])
      #expect(history.map(\.epoch) == [0, 1, 1, 1, 2, 3, 3, 4, 4])
      #expect(history.map(\.owner) == [nil, "dispatcher", nil, nil, "a", "b", nil, "a", nil])
      #expect(history.map(\.at) == history.map(\.at).sorted())
      let replayed = try RunLifecycle(replaying: history, passes: 1)
      #expect(replayed.state == .completed && replayed.epoch == 4)
    },
    LedgerLaw("a run that isn't there has no history") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.history(of: RunID()) == [])
    },
  ]
}
