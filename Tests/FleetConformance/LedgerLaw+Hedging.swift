internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let hedging = [
    LedgerLaw("a tile that takes much longer than its like is dispatched a second time, once, when slots are idle") {
      bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 7)
      _ = try await bench.dispatch(ledger)
      // They took 2 s each, so the last ones have 6 s.
      for tile in 0..<5 { _ = try await ledger.record(planned.computed(tile)) }
      try await bench.advance(by: .milliseconds(5500))
      #expect(try await ledger.hedgeStragglers(slots: 8) == 0)
      try await bench.advance(by: .seconds(1))
      #expect(try await ledger.hedgeStragglers(slots: 2) == 0)
      #expect(try await ledger.hedgeStragglers(slots: 3) == 1)
      #expect(try await ledger.hedgeStragglers(slots: 3) == 0)
      #expect(try await bench.dispatch(ledger) == [planned.job(5, attempt: 2)])
      #expect(try await ledger.hedgeStragglers(slots: 8) == 1)
      #expect(try await bench.dispatch(ledger) == [planned.job(6, attempt: 2)])
      try await bench.advance(by: .seconds(60))
      #expect(try await ledger.hedgeStragglers(slots: 8) == 0)

      #expect(try await ledger.record(planned.computed(5, attempt: 2)) == .accepted(completesPass: false))
      #expect(try await ledger.record(planned.computed(5)) == .duplicate)
      #expect(try await ledger.record(planned.computed(6)) == .accepted(completesPass: true))
      #expect(try await ledger.record(planned.computed(6, attempt: 2)) == .duplicate)
      #expect(try await ledger.run(planned.run)?.acceptedTiles == 7)
    },
    LedgerLaw("nothing is hedged while other tiles wait, or while too little is known") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 8)
      _ = try await bench.dispatch(ledger, window: 6)
      for tile in 0..<4 { _ = try await ledger.record(planned.computed(tile)) }
      try await bench.advance(by: .seconds(60))
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.hedgeStragglers(slots: 20) == 0)
      _ = try await ledger.record(planned.computed(4))
      _ = try await bench.planned(ledger, tiles: 1, "another image")
      #expect(try await ledger.hedgeStragglers(slots: 20) == 0)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.hedgeStragglers(slots: 20) == 1)
    },
    LedgerLaw("nothing of a cancelled run is hedged") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 6)
      _ = try await bench.dispatch(ledger)
      for tile in 0..<5 { _ = try await ledger.record(planned.computed(tile)) }
      try await bench.advance(by: .seconds(60))
      _ = try await ledger.cancel(planned.run)
      #expect(try await ledger.hedgeStragglers(slots: 20) == 0)
    },
  ]
}
