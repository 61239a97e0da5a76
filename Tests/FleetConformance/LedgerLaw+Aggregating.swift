internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let aggregating = [
    LedgerLaw("the last result, and no other, makes the run stitching") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 3)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(planned.computed(2)) == .accepted(completesPass: false))
      #expect(try await ledger.record(planned.computed(0)) == .accepted(completesPass: false))
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 2)
      #expect(try await ledger.record(planned.computed(1)) == .accepted(completesPass: true))
      #expect(try await bench.state(ledger, planned.run) == .stitching)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 3)
    },
    LedgerLaw("a repeated result is a duplicate") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(0))
      #expect(try await ledger.record(planned.computed(0)) == .duplicate)
      #expect(try await ledger.record(planned.computed(0, attempt: 2)) == .duplicate)
      _ = try await ledger.record(planned.computed(1))
      #expect(try await ledger.record(planned.computed(1)) == .duplicate)
      #expect(try await bench.state(ledger, planned.run) == .stitching)
    },
    LedgerLaw("a result of another engine with another digest is a conflict, and the first stays") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(0))
      let expected = TileReceipt.conflict(accepted: LedgerBench.digest("tile 0"))
      #expect(try await ledger.record(planned.computed(0, "other bits", engine: "winograd/avx2")) == expected)
      #expect(try await ledger.record(planned.computed(0, "other bits", engine: "winograd/avx2")) == expected)
      #expect(try await ledger.record(planned.computed(0)) == .duplicate)
      let claim = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(claim.tiles == [LedgerBench.digest("tile 0")])
    },
    LedgerLaw("a result of an unknown pass, tile or epoch is stale") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      var results = Array(repeating: planned.computed(0), count: 4)
      results[0].pass = PassID()
      results[1].epoch -= 1
      results[2].tile = 1
      results[3].run = RunID()
      for result in results { #expect(try await ledger.record(result) == .stale) }
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 0)
    },
    LedgerLaw("a result of a run that is over is stale") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(planned.failed(0, .invalid)) == .dead)
      #expect(try await ledger.record(planned.computed(1)) == .stale)
      #expect(try await ledger.record(planned.failed(1)) == .stale)
      #expect(try await bench.state(ledger, planned.run) == .failed)
    },
    LedgerLaw("a failed tile comes again after a pause that grows") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      for (attempt, pause) in [(1, 1), (2, 4), (3, 16), (4, 64)] {
        #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: attempt)])
        #expect(try await ledger.record(planned.failed(0, attempt: attempt)) == .willRetry)
        #expect(try await bench.dispatch(ledger) == [])
        try await bench.advance(by: .milliseconds(pause * 1000 - 500))
        #expect(try await bench.dispatch(ledger) == [])
        try await bench.advance(by: .seconds(1))
      }
      #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: 5)])
      #expect(try await ledger.record(planned.computed(0, attempt: 5)) == .accepted(completesPass: true))
    },
    LedgerLaw("a tile that fails each time is dead, and its run has failed") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      let budget = RetryPolicy.budget(of: .poison).attempts
      for attempt in 1...budget {
        _ = try await bench.dispatch(ledger)
        let receipt = try await ledger.record(planned.failed(0, attempt: attempt, .poison))
        #expect(receipt == (attempt == budget ? .dead : .willRetry))
        try await bench.advance(by: .seconds(100))
      }
      let record = try #require(try await ledger.run(planned.run))
      #expect(record.state == .failed && record.deadTiles == 1 && record.finishedAt != nil)
      #expect(
        record.failure
          == RetryPolicy.runFailure(tile: 0, failedAttempts: budget, kind: .poison, reason: "The store was away."))
      #expect(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease) == nil)
    },
    LedgerLaw("what can't be done isn't tried again") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(planned.failed(0, .invalid)) == .dead)
      #expect(try await ledger.run(planned.run)?.failure?.kind == .invalid)
    },
    LedgerLaw("a failure counts once, however often it is reported") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      for _ in 0..<10 { #expect(try await ledger.record(planned.failed(0)) == .willRetry) }
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      try await bench.advance(by: .seconds(2))
      #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: 2)])
    },
    LedgerLaw("attempts that went missing don't make a tile dead") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      for attempt in 1...10 {
        #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: attempt)])
        try await bench.advance(by: .seconds(101))
        #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 1)
      }
      #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: 11)])
      #expect(try await ledger.record(planned.failed(0, attempt: 11)) == .willRetry)
      try await bench.advance(by: .seconds(2))
      #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: 12)])
    },
    LedgerLaw("the late failure of an older attempt doesn't disturb the newer one") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      try await bench.advance(by: .seconds(101))
      _ = try await ledger.requeueOverdueTiles(olderThan: .seconds(100))
      #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: 2)])
      #expect(try await ledger.record(planned.failed(0, attempt: 1)) == .willRetry)
      try await bench.advance(by: .seconds(50))
      #expect(try await bench.dispatch(ledger) == [])
      #expect(try await ledger.record(planned.computed(0, attempt: 2)) == .accepted(completesPass: true))
    },
    LedgerLaw("a failure of a tile that has a result, or of an attempt that never was, is stale") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      #expect(try await ledger.record(planned.failed(0, attempt: 1)) == .stale)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(planned.failed(0, attempt: 2)) == .stale)
      _ = try await ledger.record(planned.computed(0))
      #expect(try await ledger.record(planned.failed(0, .invalid)) == .stale)
      #expect(try await bench.state(ledger, planned.run) == .predicting)
    },
    LedgerLaw("many results at once are answered each") { bench in
      let ledger = try await bench.ledger()
      let first = try await bench.planned(ledger, tiles: 3, "first")
      let second = try await bench.planned(ledger, tiles: 2, "second")
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(second.computed(0))
      var unknown = first.computed(0)
      unknown.pass = PassID()
      let receipts = try await ledger.record([
        first.computed(0), second.computed(1), first.computed(0), second.computed(1, "other", engine: "blas/avx2"),
        unknown,
        second.computed(0), first.failed(2), first.computed(1),
      ])
      #expect(
        receipts == [
          .accepted(completesPass: false), .accepted(completesPass: true), .duplicate,
          .conflict(accepted: LedgerBench.digest("tile 1")), .stale, .duplicate, .willRetry,
          .accepted(completesPass: false),
        ])
      #expect(try await bench.state(ledger, first.run) == .predicting)
      #expect(try await bench.state(ledger, second.run) == .stitching)
      #expect(try await ledger.record([]) == [])
    },
    LedgerLaw("of one call's results none comes after the one that ends the run") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 3)
      _ = try await bench.dispatch(ledger)
      let receipts = try await ledger.record([
        planned.failed(0, .invalid), planned.computed(1), planned.failed(2, .invalid),
      ])
      #expect(receipts == [.dead, .accepted(completesPass: false), .stale])
      #expect(try await bench.state(ledger, planned.run) == .failed)
    },
  ]
}
