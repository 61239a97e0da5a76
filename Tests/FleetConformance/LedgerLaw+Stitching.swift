internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let stitching = [
    LedgerLaw("a stitch claim has the tiles in plan order and what was measured so far") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 12)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease) == nil)
      for tile in (0..<12).reversed() {
        _ = try await ledger.record(planned.computed(tile, engine: tile == 5 ? "blas/avx2" : "blas/avx512"))
      }
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(stitch.claim.run.id == planned.run && stitch.claim.run.state == .stitching)
      #expect(stitch.claim.epoch > planned.claim.epoch)
      #expect(stitch.pass == planned.plan.id && stitch.document == planned.plan.document)
      #expect(stitch.tiles == (0..<12).map { LedgerBench.digest("tile \($0)") })
      #expect(stitch.timings == planned.plan.timings)
      #expect(stitch.inferSeconds == 15)
      #expect(stitch.engines == ["blas/avx2", "blas/avx512"])
      #expect(try await ledger.claimStitch(owner: "b", lease: LedgerBench.lease) == nil)
    },
    LedgerLaw("a completed run has its outcome, whole") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.complete(stitch.claim, LedgerBench.outcome)
      try await ledger.complete(stitch.claim, LedgerBench.outcome)  // repeated after an unknown commit
      let record = try #require(try await ledger.run(planned.run))
      #expect(record.state == .completed && record.finishedAt != nil && record.failure == nil)
      #expect(record.outcome == LedgerBench.outcome)
      #expect(record.plannedTiles == 2 && record.acceptedTiles == 2)
      #expect(try await ledger.runs(limit: 1) == [record])
      try await bench.advance(by: .seconds(100))
      #expect(try await ledger.claimStitch(owner: "b", lease: LedgerBench.lease) == nil)
    },
    LedgerLaw("an outcome without probabilities has none") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 1)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      var outcome = LedgerBench.outcome
      outcome.probabilities = nil
      outcome.properties = nil
      outcome.labels = []
      outcome.timings = []
      try await ledger.complete(stitch.claim, outcome)
      #expect(try await ledger.run(planned.run)?.outcome == outcome)
    },
    LedgerLaw("a stitcher whose lease is over is fenced off by the next one") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let former = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(10))).claim
      try await bench.advance(by: .seconds(11))
      let next = try #require(try await ledger.claimStitch(owner: "b", lease: .seconds(10))).claim
      #expect(next.epoch > former.epoch)
      await bench.expectFenced(planned.run) { try await ledger.renew(former, lease: .seconds(10)) }
      await bench.expectFenced(planned.run) { try await ledger.complete(former, LedgerBench.outcome) }
      await bench.expectFenced(planned.run) {
        try await ledger.fail(former, RunFailure(kind: .invalid, reason: "x"))
      }
      try await ledger.renew(next, lease: .seconds(10))
      try await ledger.complete(next, LedgerBench.outcome)
      await bench.expectFenced(planned.run) {
        var other = LedgerBench.outcome
        other.labelVoxels = LedgerBench.digest("other bits")
        try await ledger.complete(former, other)
      }
      #expect(try await ledger.run(planned.run)?.outcome == LedgerBench.outcome)
    },
    LedgerLaw("a released stitch is free at once") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let former = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)).claim
      try await ledger.release(former)
      #expect(try await bench.state(ledger, planned.run) == .stitching)
      await bench.expectFenced(planned.run) { try await ledger.complete(former, LedgerBench.outcome) }
      let next = try #require(try await ledger.claimStitch(owner: "b", lease: LedgerBench.lease)).claim
      try await ledger.complete(next, LedgerBench.outcome)
    },
    LedgerLaw("a run can fail while it is stitched") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let claim = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)).claim
      try await ledger.fail(claim, RunFailure(kind: .corrupt, reason: "A tile is damaged."))
      #expect(try await bench.state(ledger, planned.run) == .failed)
      await bench.expectFenced(planned.run) { try await ledger.complete(claim, LedgerBench.outcome) }
    },
    LedgerLaw("a dispatcher's old claim can't complete, a stitcher's can't plan") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 1)
      await bench.expectFenced(planned.run) { try await ledger.complete(planned.claim, LedgerBench.outcome) }
      let claim = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)).claim
      await bench.expectFenced(planned.run) {
        try await ledger.plan(PassPlan(document: LedgerBench.digest("x"), tiles: 1), of: claim)
      }
      #expect(try await bench.state(ledger, planned.run) == .stitching)
    },
  ]
}
