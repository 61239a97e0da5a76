internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let urgency = [
    LedgerLaw("a run keeps its class, tenant and deadline") { bench in
      let ledger = try await bench.ledger()
      try await ledger.register(LedgerBench.model)
      var submission = LedgerBench.submission()
      submission.runClass = .stat
      submission.tenant = try Tenant("emergency-1")
      submission.deadline = Date(timeIntervalSince1970: 2_000_000_000.5)
      let record = try #require(try await ledger.run(ledger.submit(submission).run))
      #expect(record.runClass == .stat && record.tenant == submission.tenant)
      #expect(record.deadline == submission.deadline)
      let plain = try #require(try await ledger.run(bench.submitted(ledger)))
      #expect(plain.runClass == .routine && plain.tenant == .default && plain.deadline == nil)
    },
    LedgerLaw("each tenant has its own keys, and a key answers its run whatever the class") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger, key: "study-1")
      var other = LedgerBench.submission("another image", key: "study-1")
      other.tenant = try Tenant("other")
      #expect(try await ledger.submit(other).isNew)
      var urgent = LedgerBench.submission(key: "study-1")
      urgent.runClass = .stat
      #expect(try await ledger.submit(urgent) == SubmissionReceipt(run: run, isNew: false))
      #expect(try await ledger.run(run)?.runClass == .routine)
    },
  ]

  static let cancelling = [
    LedgerLaw("a cancelled run is over, and cancelling again changes nothing") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.cancel(RunID()) == nil)
      let run = try await bench.submitted(ledger, key: "study-1")
      #expect(try await ledger.cancel(run) == .cancelled)
      let record = try #require(try await ledger.run(run))
      #expect(record.state == .cancelled && record.finishedAt != nil && record.failure == nil && record.outcome == nil)
      #expect(try await ledger.cancel(run) == .cancelled)
      #expect(try await ledger.run(run) == record)
      #expect(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease) == nil)
      #expect(try await bench.submitted(ledger, key: "study-1") == run)
    },
    LedgerLaw("a run that is over isn't cancelled") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 1)
      let claim = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)).claim
      try await ledger.complete(claim, LedgerBench.outcome)
      #expect(try await ledger.cancel(planned.run) == .completed)
      #expect(try await ledger.run(planned.run)?.outcome == LedgerBench.outcome)
      _ = try await bench.submitted(ledger)
      let failing = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease))
      try await ledger.fail(failing, RunFailure(kind: .invalid, reason: "x"))
      #expect(try await ledger.cancel(failing.run.id) == .failed)
    },
    LedgerLaw("who prepares a run that is cancelled is fenced") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: .seconds(10)))
      #expect(try await ledger.cancel(run) == .cancelled)
      await bench.expectFenced(run) { try await ledger.renew(claim, lease: .seconds(10)) }
      await bench.expectFenced(run) {
        try await ledger.plan(PassPlan(document: LedgerBench.digest("x"), tiles: 2), of: claim)
      }
      await bench.expectFenced(run) { try await ledger.fail(claim, RunFailure(kind: .invalid, reason: "x")) }
      try await ledger.release(claim)
      try await bench.advance(by: .seconds(60))
      #expect(try await ledger.claimSubmittedRun(owner: "b", lease: .seconds(10)) == nil)
      #expect(try await bench.state(ledger, run) == .cancelled)
      #expect(try await ledger.run(run)?.plannedTiles == 0)
    },
    LedgerLaw("a cancelled run's tiles leave the outbox, late results are stale, others go on") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 4, "1")
      let next = try await bench.planned(ledger, tiles: 2, "2")
      #expect(try await bench.dispatch(ledger, window: 2).count == 2)
      #expect(try await ledger.enqueueTiles(window: 3) == 1)
      #expect(try await ledger.record(planned.computed(0)) == .accepted(completesPass: false))
      #expect(try await ledger.cancel(planned.run) == .cancelled)
      #expect(try await ledger.record(planned.computed(1)) == .stale)
      #expect(try await ledger.record(planned.failed(1)) == .stale)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 1)
      #expect(try await bench.dispatch(ledger, window: 2) == [next.job(0), next.job(1)])
      try await bench.advance(by: .seconds(1000))
      #expect(try await ledger.requeueOverdueTiles(olderThan: .seconds(900)) == 2)
      #expect(try await bench.dispatch(ledger) == [next.job(0, attempt: 2), next.job(1, attempt: 2)])
    },
    LedgerLaw("who stitches a run that is cancelled is fenced, in the middle and in the end") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let claim = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)).claim
      #expect(try await ledger.cancel(planned.run) == .cancelled)
      await bench.expectFenced(planned.run) { try await ledger.renew(claim, lease: LedgerBench.lease) }
      await bench.expectFenced(planned.run) { try await ledger.complete(claim, LedgerBench.outcome) }
      #expect(try await ledger.claimStitch(owner: "b", lease: LedgerBench.lease) == nil)
      let record = try #require(try await ledger.run(planned.run))
      #expect(record.state == .cancelled && record.outcome == nil)
    },
    LedgerLaw("a cancel that races the last tile and the stitch has one outcome, seen by all") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      for round in 0..<6 {
        let planned = try await bench.planned(ledgers[0], tiles: 3, "image \(round)")
        _ = try await bench.dispatch(ledgers[0])
        for tile in 0..<2 { _ = try await ledgers[0].record(planned.computed(tile)) }
        let ends = try await concurrently(3) { index -> (cancelled: RunState?, stitched: Bool) in
          switch index {
          case 0: return (try await ledgers[0].cancel(planned.run), false)
          case 1:
            _ = try await ledgers[1].record(planned.computed(2))
            return (nil, false)
          default:
            // A stitcher that may be quick enough to find the run.
            for _ in 0..<20 {
              guard let work = try await ledgers[1].claimStitch(owner: "a", lease: LedgerBench.lease) else { continue }
              do {
                try await ledgers[1].complete(work.claim, LedgerBench.outcome)
                return (nil, true)
              } catch LedgerError.fenced {
                return (nil, false)
              }
            }
            return (nil, false)
          }
        }
        let record = try #require(try await ledgers[0].run(planned.run))
        let isStitched = ends.contains { $0.stitched }
        #expect(record.state == (isStitched ? .completed : .cancelled))
        #expect((record.outcome != nil) == isStitched)
        #expect(ends.compactMap(\.cancelled) == [record.state])
      }
    },
  ]
}
