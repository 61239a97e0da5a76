internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let claiming = [
    LedgerLaw("the oldest submitted run is claimed, once") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease) == nil)
      let first = try await bench.submitted(ledger, "1")
      let second = try await bench.submitted(ledger, "2")
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease))
      #expect(claim.run.id == first && claim.run.state == .preparing && claim.run.startedAt != nil)
      #expect(try await bench.state(ledger, first) == .preparing)
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: LedgerBench.lease)?.run.id == second)
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: LedgerBench.lease) == nil)
    },
    LedgerLaw("a claim whose lease is over falls to the next, and its former holder is fenced") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger)
      let former = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(10)))
      try await bench.advance(by: .seconds(9))
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: .seconds(10)) == nil)
      try await bench.advance(by: .seconds(2))
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "b", lease: .seconds(10)))
      #expect(claim.run.id == run && claim.epoch > former.epoch)

      await bench.expectFenced(run) { try await ledger.renew(former, lease: .seconds(10)) }
      await bench.expectFenced(run) {
        try await ledger.plan(PassPlan(document: LedgerBench.digest("x"), tiles: 1), of: former)
      }
      await bench.expectFenced(run) { try await ledger.fail(former, RunFailure(kind: .invalid, reason: "x")) }
      try await ledger.release(former)
      #expect(try await bench.state(ledger, run) == .preparing)
      try await ledger.plan(PassPlan(document: LedgerBench.digest("x"), tiles: 1), of: claim)
      #expect(try await bench.state(ledger, run) == .predicting)
    },
    LedgerLaw("a renewed claim lasts from the renewal") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.submitted(ledger)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(10)))
      try await bench.advance(by: .seconds(8))
      try await ledger.renew(claim, lease: .seconds(10))
      try await bench.advance(by: .seconds(8))
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: .seconds(10)) == nil)
      try await ledger.renew(claim, lease: .seconds(10))
    },
    LedgerLaw("a lease that is over can be renewed as long as nobody else has claimed the run") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.submitted(ledger)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(10)))
      try await bench.advance(by: .seconds(11))
      try await ledger.renew(claim, lease: .seconds(10))
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: .seconds(10)) == nil)
    },
    LedgerLaw("a released claim is free at once, and no longer its holder's") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease))
      try await ledger.release(claim)
      #expect(try await bench.state(ledger, run) == .submitted)
      await bench.expectFenced(run) { try await ledger.renew(claim, lease: LedgerBench.lease) }
      try await ledger.release(claim)
      let next = try #require(try await ledger.claimSubmittedRun(owner: "b", lease: LedgerBench.lease))
      #expect(next.epoch > claim.epoch)
      try await ledger.release(claim)
      try await ledger.renew(next, lease: LedgerBench.lease)
    },
    LedgerLaw("a failed run says why, and nobody gets it again") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(10)))
      let failure = RunFailure(kind: .invalid, reason: "The image has \"no\" voxels, it's empty.")
      try await ledger.fail(claim, failure)
      try await ledger.fail(claim, failure)  // repeated after an unknown commit
      let record = try #require(try await ledger.run(run))
      #expect(record.state == .failed && record.failure == failure && record.finishedAt != nil)
      try await bench.advance(by: .seconds(60))
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: LedgerBench.lease) == nil)
      await bench.expectFenced(run) { try await ledger.renew(claim, lease: LedgerBench.lease) }
    },
    LedgerLaw("a planned run is nobody's, and planning again is harmless") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 3)
      try await ledger.plan(planned.plan, of: planned.claim)
      let record = try #require(try await ledger.run(planned.run))
      #expect(record.state == .predicting && record.plannedTiles == 3)
      #expect(record.acceptedTiles == 0 && record.deadTiles == 0)
      await bench.expectFenced(planned.run) { try await ledger.renew(planned.claim, lease: LedgerBench.lease) }
      await bench.expectFenced(planned.run) {
        try await ledger.plan(PassPlan(document: LedgerBench.digest("other"), tiles: 5), of: planned.claim)
      }
      try await bench.advance(by: .seconds(60))
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: LedgerBench.lease) == nil)
    },
  ]

  static let dispatching = [
    LedgerLaw("tiles leave the backlog in order, oldest run first, as the window allows") { bench in
      let ledger = try await bench.ledger()
      let first = try await bench.planned(ledger, tiles: 3, "1")
      let second = try await bench.planned(ledger, tiles: 3, "2")
      #expect(try await ledger.enqueueTiles(window: 0) == 0)
      #expect(try await ledger.enqueueTiles(window: 4) == 4)
      #expect(try await ledger.enqueueTiles(window: 4) == 0)
      let jobs = try await ledger.claimOutbox(limit: 10, lease: LedgerBench.lease).map { try $0.message.tileJob() }
      #expect(jobs == [first.job(0), first.job(1), first.job(2), second.job(0)])
    },
    LedgerLaw("a result makes room in the window") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 4)
      #expect(try await bench.dispatch(ledger, window: 2).map(\.tile) == [0, 1])
      #expect(try await ledger.record(planned.computed(1)) == .accepted(completesPass: false))
      #expect(try await bench.dispatch(ledger, window: 2).map(\.tile) == [2])
    },
    LedgerLaw("tiles of a run that is over don't fill the window") { bench in
      let ledger = try await bench.ledger()
      let failing = try await bench.planned(ledger, tiles: 4, "1")
      let next = try await bench.planned(ledger, tiles: 4, "2")
      #expect(try await bench.dispatch(ledger, window: 2).count == 2)
      #expect(try await ledger.record(failing.failed(0, .invalid)) == .dead)
      #expect(try await bench.dispatch(ledger, window: 2) == [next.job(0), next.job(1)])
    },
    LedgerLaw("a message is claimed by one relay, until the lease is over") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.planned(ledger, tiles: 3)
      _ = try await ledger.enqueueTiles(window: 3)
      let first = try await ledger.claimOutbox(limit: 2, lease: .seconds(10))
      #expect(first.count == 2 && first.allSatisfy { $0.queue == .tiles })
      let second = try await ledger.claimOutbox(limit: 2, lease: .seconds(10))
      #expect(second.count == 1 && Set(first.map(\.id)).isDisjoint(with: second.map(\.id)))
      #expect(try await ledger.claimOutbox(limit: 2, lease: .seconds(10)) == [])
      try await bench.advance(by: .seconds(11))
      #expect(try await ledger.claimOutbox(limit: 10, lease: .seconds(10)) == first + second)
    },
    LedgerLaw("a published message is gone from the outbox") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.planned(ledger, tiles: 3)
      _ = try await ledger.enqueueTiles(window: 3)
      let messages = try await ledger.claimOutbox(limit: 2, lease: .seconds(10))
      try await ledger.markPublished(messages)
      try await ledger.markPublished(messages)
      try await ledger.markPublished([])
      try await bench.advance(by: .seconds(60))
      #expect(try await ledger.claimOutbox(limit: 10, lease: .seconds(10)).map { try $0.message.tileJob().tile } == [2])
    },
    LedgerLaw("messages of a run that has failed are never published") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 4)
      #expect(try await bench.dispatch(ledger, window: 1).count == 1)
      #expect(try await ledger.enqueueTiles(window: 3) == 2)
      #expect(try await ledger.record(planned.failed(0, .invalid)) == .dead)
      #expect(try await ledger.claimOutbox(limit: 10, lease: LedgerBench.lease) == [])
      #expect(try await ledger.enqueueTiles(window: 100) == 0)
    },
    LedgerLaw("overdue tiles come again as a new attempt") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 3)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(1))
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 0)
      try await bench.advance(by: .seconds(101))
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 2)
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 0)
      #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: 2), planned.job(2, attempt: 2)])
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 0)
    },
    LedgerLaw("a tile that is still in the outbox isn't overdue") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.planned(ledger, tiles: 1)
      _ = try await ledger.enqueueTiles(window: 1)
      _ = try await ledger.claimOutbox(limit: 1, lease: .seconds(10))
      try await bench.advance(by: .seconds(1000))
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 0)
      #expect(try await ledger.claimOutbox(limit: 1, lease: .seconds(10)).count == 1)
    },
    LedgerLaw("the late result of an overdue attempt is taken, and the tile isn't published again") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      _ = try await bench.dispatch(ledger)
      try await bench.advance(by: .seconds(101))
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(100)) == 2)
      #expect(try await ledger.record(planned.computed(0)) == .accepted(completesPass: false))
      #expect(try await ledger.enqueueTiles(window: 10) == 1)
      #expect(try await ledger.record(planned.computed(1)) == .accepted(completesPass: true))
      #expect(try await ledger.claimOutbox(limit: 10, lease: LedgerBench.lease) == [])
    },
  ]
}
