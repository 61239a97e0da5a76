internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let quarantine = [
    LedgerLaw("of two results that differ neither wins: a third worker decides, and who is wrong is quarantined") {
      bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(by: "bad", planned.computed(0, "wrong")) == .accepted(completesPass: false))
      #expect(try await ledger.record(by: "good", planned.computed(1)) == .accepted(completesPass: true))
      #expect(try await ledger.record(by: "good", planned.computed(0)) == .disputed)
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 1)

      let job = try #require(try await bench.dispatch(ledger).first)
      #expect(job.tile == 0 && Set(job.excluding ?? []) == ["bad", "good"])
      #expect(
        try await ledger.record(LedgerBench.computed(job, worker: "third")) == .accepted(completesPass: true))
      #expect(try await ledger.quarantines(onlyInForce: true, limit: 10).map(\.worker) == ["bad"])
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(stitch.tiles == (0..<2).map { LedgerBench.digest("tile \($0)") })
    },
    LedgerLaw("a dispute fences who stitches already") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 1)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(try await ledger.record(by: "other", planned.computed(0, "another")) == .disputed)
      await bench.expectFenced(planned.run) { try await ledger.complete(stitch.claim, LedgerBench.outcome) }
      #expect(try await bench.state(ledger, planned.run) == .predicting)
    },
    LedgerLaw("results that differ in one call are disputed, too") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      var (one, other) = (planned.computed(0), planned.computed(0, "another"))
      (one.worker, other.worker) = ("a", "b")
      #expect(try await ledger.record([one, other]) == [.accepted(completesPass: true), .disputed])
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 0)
    },
    LedgerLaw("a worker that contradicts itself is quarantined, and others compute the tile") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(0))
      #expect(try await ledger.record(planned.computed(0, "broken memory")) == .disputed)
      #expect(try await ledger.quarantines(onlyInForce: true, limit: 10).map(\.worker) == ["host-1"])
      let job = try #require(try await bench.dispatch(ledger).first)
      #expect(try await ledger.record(by: "host-1", LedgerBench.computed(job)) == .refused)
      let again = try #require(try await bench.dispatch(ledger).first)
      #expect(
        try await ledger.record(by: "other", LedgerBench.computed(again)) == .accepted(completesPass: true))
    },
    LedgerLaw("nothing of a quarantined worker is taken, and what it had computed is computed again") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 4)
      let done = try await bench.predicted(ledger, tiles: 1, "another image")
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.complete(stitch.claim, LedgerBench.outcome)
      _ = try await bench.dispatch(ledger)
      for tile in 0..<2 { _ = try await ledger.record(planned.computed(tile)) }
      _ = try await ledger.record(by: "other", planned.computed(2))
      #expect(try await ledger.quarantine("host-1", reason: "Its memory is broken."))
      #expect(try await !ledger.quarantine("host-1", reason: "Its memory is broken."))
      #expect(try await ledger.record(planned.computed(3)) == .refused)
      #expect(try await ledger.withdrawQuarantinedResults() == 2)
      #expect(try await ledger.withdrawQuarantinedResults() == 0)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 1)
      #expect(try await bench.state(ledger, done.run) == .completed)
      let jobs = try await bench.dispatch(ledger)
      #expect(jobs.map(\.tile) == [0, 1, 3])
      for job in jobs { _ = try await ledger.record(by: "other", LedgerBench.computed(job)) }
      #expect(try await bench.state(ledger, planned.run) == .stitching)
    },
    LedgerLaw("a quarantine takes a run back that was about to be stitched") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      _ = try await ledger.quarantine("host-1", reason: "Its memory is broken.")
      #expect(try await ledger.withdrawQuarantinedResults() == 2)
      await bench.expectFenced(planned.run) { try await ledger.complete(stitch.claim, LedgerBench.outcome) }
    },
    LedgerLaw("a quarantine is announced again and again until the worker is released") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.quarantine("host-1", reason: "Its memory is broken.")
      #expect(try await ledger.quarantinesToAnnounce().map(\.worker) == ["host-1"])
      #expect(try await ledger.quarantinesToAnnounce() == [])
      try await bench.advance(by: .seconds(31))
      #expect(try await ledger.quarantinesToAnnounce().map(\.reason) == ["Its memory is broken."])
      #expect(try await ledger.release("host-1", by: "nina"))
      #expect(try await !ledger.release("host-1", by: "nina"))
      try await bench.advance(by: .seconds(31))
      #expect(try await ledger.quarantinesToAnnounce() == [])
      #expect(try await ledger.quarantines(onlyInForce: true, limit: 10) == [])
      #expect(try await ledger.quarantines(onlyInForce: false, limit: 10).map(\.releasedBy) == ["nina"])
      #expect(try await ledger.record(planned.computed(0)) == .accepted(completesPass: true))
    },
    LedgerLaw("a canary is taken when two workers agree in it") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1, canaryShare: 1)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(planned.computed(0)) == .awaitsAgreement)
      #expect(try await ledger.record(planned.computed(0)) == .awaitsAgreement)
      let job = try #require(try await bench.dispatch(ledger).first)
      #expect(job.excluding == ["host-1"])
      #expect(
        try await ledger.record(by: "other", LedgerBench.computed(job)) == .accepted(completesPass: true))
      #expect(try await ledger.quarantines(onlyInForce: false, limit: 10) == [])
    },
    LedgerLaw("a canary that nobody else can compute is taken after a while") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1, canaryShare: 1)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(0))
      let job = try #require(try await bench.dispatch(ledger).first)
      #expect(try await ledger.record(TileResult.declining(job, worker: "host-1")) == .awaitsAgreement)
      #expect(try await bench.dispatch(ledger) == [])
      try await bench.advance(by: .seconds(31))
      let again = try #require(try await bench.dispatch(ledger).first)
      #expect(
        try await ledger.record(TileResult.declining(again, worker: "host-1")) == .accepted(completesPass: true))
    },
    LedgerLaw("a dispute that nobody decides ends in a dead letter, with what to do") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(by: "a", planned.computed(0))
      _ = try await ledger.record(by: "b", planned.computed(0, "another"))
      try await bench.advance(by: .seconds(601))
      let job = try #require(try await bench.dispatch(ledger).first)
      #expect(try await ledger.record(TileResult.declining(job, worker: "a")) == .dead)
      let letter = try #require(try await ledger.deadLetters(onlyOpen: true, run: planned.run, limit: 1).first)
      #expect(letter.reason.contains("start one more worker"))
    },
    LedgerLaw("a tile that turns out to be damaged is computed again, and its stitcher is fenced") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 3)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.reject([1: .nan], of: stitch)
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      await bench.expectFenced(planned.run) { try await ledger.complete(stitch.claim, LedgerBench.outcome) }
      await bench.expectFenced(planned.run) { try await ledger.reject([1: .nan], of: stitch) }
      try await bench.advance(by: .seconds(2))
      let jobs = try await bench.dispatch(ledger)
      #expect(jobs.map(\.tile) == [1] && jobs.map(\.attempt) == [2])
      #expect(
        try await ledger.record(by: "other", LedgerBench.computed(jobs[0], "sound")) == .accepted(completesPass: true))
      let again = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(again.tiles == [LedgerBench.digest("tile 0"), LedgerBench.digest("sound"), LedgerBench.digest("tile 2")])
      #expect(try await ledger.quarantines(onlyInForce: true, limit: 10) == [])
    },
    LedgerLaw("a worker whose tiles are rejected again and again is quarantined") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.predicted(ledger, tiles: 4)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.reject([0: .nan, 1: .nan, 3: .nan], of: stitch)
      let quarantine = try #require(try await ledger.quarantines(onlyInForce: true, limit: 10).first)
      #expect(quarantine.worker == "host-1" && quarantine.reason.contains("It is NaN."))
      #expect(try await ledger.withdrawQuarantinedResults() == 1)
    },
    LedgerLaw("tiles that the store lost are computed again, and no worker is blamed for them") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 40)
      _ = try await bench.dispatch(ledger)
      for tile in 0..<40 {
        _ = try await ledger.record(by: "host-\(tile % 2)", planned.computed(tile))
      }
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.reject(Dictionary(uniqueKeysWithValues: (0..<30).map { ($0, .lost) }), of: stitch)
      #expect(try await ledger.quarantines(onlyInForce: true, limit: 10) == [])
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 10)
    },
    LedgerLaw("a worker whose tiles alone are lost again and again is quarantined") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 6)
      _ = try await bench.dispatch(ledger)
      for tile in 0..<6 { _ = try await ledger.record(by: "host-\(tile % 2)", planned.computed(tile)) }
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.reject([1: .lost, 3: .lost, 5: .lost], of: stitch)
      #expect(try await ledger.quarantines(onlyInForce: true, limit: 10).map(\.worker) == ["host-1"])
    },
    LedgerLaw("a tile that is damaged each time is dead after its budget") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      let budget = RetryPolicy.budget(of: .corrupt).attempts
      for attempt in 1...budget {
        let job = try #require(try await bench.dispatch(ledger).first)
        #expect(
          try await ledger.record(by: "host-\(attempt)", LedgerBench.computed(job)) == .accepted(completesPass: true))
        let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
        try await ledger.reject([0: .nan], of: stitch)
        #expect(try await bench.state(ledger, planned.run) == (attempt == budget ? .failed : .predicting))
        try await bench.advance(by: .seconds(100))
      }
      #expect(try await ledger.deadLetters(onlyOpen: true, run: planned.run, limit: 10).count == 1)
    },
  ]
}

extension TileDamage {
  fileprivate static let nan = TileDamage(reason: "It is NaN.", isOfStore: false)
  fileprivate static let lost = TileDamage(reason: "It is lost.", isOfStore: true)
}

extension Ledger {
  /// Takes a result as if `worker` had sent it.
  fileprivate func record(by worker: String, _ result: TileResult) async throws -> TileReceipt {
    var result = result
    result.worker = worker
    return try await record(result)
  }
}
