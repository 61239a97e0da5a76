internal import FleetContracts
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
    }
  ]
}
