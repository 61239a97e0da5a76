internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let forecasting = [
    LedgerLaw("outstanding work is what has no result, in seconds of a slot as measured") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.outstandingWork() == [])
      let planned = try await bench.planned(ledger, tiles: 4, operations: 1e9)
      func work(_ tiles: Int, unplanned: Int = 0, _ seconds: Double, isMeasured: Bool = true) -> [OutstandingWork] {
        [
          OutstandingWork(
            runClass: .routine, model: "tissue", tiles: tiles, unplannedPasses: unplanned, seconds: seconds,
            isMeasured: isMeasured)
        ]
      }
      let nominal = 4e9 * ModelSpeed.nominal.secondsPerOperation
      #expect(try await ledger.outstandingWork() == work(4, nominal, isMeasured: false))
      _ = try await bench.dispatch(ledger)
      for tile in 0..<2 { _ = try await ledger.record(planned.computed(tile)) }  // 2 s each
      let speed = try #require(try await ledger.speeds().models[LedgerBench.model.digest])
      #expect(speed.tiles == 2 && abs(speed.secondsPerOperation - 2e-9) < 1e-15 && speed.deviation < 1e-15)
      #expect(abs(speed.slowest - 2e-9) < 1e-15)
      #expect(try await ledger.outstandingWork().map(\.tiles) == [2])
      #expect(abs(try await ledger.outstandingWork()[0].seconds - 4) < 1e-9)

      // A run that isn't prepared yet will probably be as large as the one before it.
      var urgent = LedgerBench.submission("another")
      urgent.runClass = .stat
      let waiting = try await ledger.submit(urgent).run
      let both = try await ledger.outstandingWork()
      #expect(both.map(\.runClass) == [.stat, .routine] && both.map(\.unplannedPasses) == [1, 0])
      #expect(abs(both[0].seconds - 8) < 1e-9)

      _ = try await ledger.cancel(waiting)
      for tile in 2..<4 { _ = try await ledger.record(planned.computed(tile)) }
      #expect(try await ledger.outstandingWork() == [])
    },
    LedgerLaw("a look at the queue shows where each run that goes on stands") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.queueLook().runs == [])
      let planned = try await bench.planned(ledger, tiles: 5, operations: 1e9) { $0.tenant = try Tenant("t") }
      _ = try await bench.dispatch(ledger, window: 3)
      _ = try await ledger.record(planned.computed(0))
      let stat = try await bench.submitted(ledger) { $0.runClass = .stat }
      try await ledger.pause(.tenant(try Tenant("t")))
      let look = try await ledger.queueLook()
      let run = try #require(look.runs.first { $0.run == planned.run })
      #expect(run.waitingTiles == 2 && run.queuedTiles == 2 && run.tileOperations == 1e9 && run.laterPasses == [])
      #expect(run.isPaused && run.tenant.name == "t" && run.state == .predicting)
      let other = try #require(look.runs.first { $0.run == stat })
      #expect(other.laterPasses == [LedgerBench.model.digest] && !other.isPaused && other.runClass == .stat)
      #expect(other.due == other.submittedAt + 3600 && other.waitingTiles == 0 && other.state == .submitted)
      #expect(look.slots == 0 && look.speeds.models[LedgerBench.model.digest]?.tiles == 1 && look.stepSeconds.isEmpty)
      let done = try await bench.predicted(ledger, tiles: 1)
      let claim = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)).claim
      #expect(claim.run.id == done.run)
      try await ledger.complete(claim, LedgerBench.outcome)
      #expect(try await ledger.queueLook().runs.count == 2)
      let seconds = LedgerBench.outcome.timings.reduce(0) { $0 + $1.seconds }
      #expect(abs((try await ledger.queueLook().stepSeconds[LedgerBench.model.digest] ?? 0) - seconds) < 1e-9)
    },
  ]
}
