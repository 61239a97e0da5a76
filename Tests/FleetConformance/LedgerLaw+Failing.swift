internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let failing = [
    LedgerLaw("an outage uses up nothing of what a poison tile may spend") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      var attempt = 0
      func fail(_ kind: FailureKind) async throws -> TileReceipt {
        attempt += 1
        #expect(try await bench.dispatch(ledger) == [planned.job(0, attempt: attempt)])
        let receipt = try await ledger.record(planned.failed(0, attempt: attempt, kind))
        try await bench.advance(by: .seconds(301))
        return receipt
      }
      for _ in 0..<12 { #expect(try await fail(.transient) == .willRetry) }
      for _ in 1..<RetryPolicy.budget(of: .poison).attempts { #expect(try await fail(.poison) == .willRetry) }
      #expect(try await fail(.corrupt) == .willRetry)
      #expect(try await fail(.outOfMemory) == .willRetry)
      #expect(try await bench.state(ledger, planned.run) == .predicting)
      #expect(try await fail(.poison) == .dead)
      #expect(try await ledger.run(planned.run)?.failure?.kind == .poison)
    },
    LedgerLaw("a run most of whose tiles fail is given up early, with the commonest reason") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 40)
      _ = try await bench.dispatch(ledger)
      for tile in 0..<4 { _ = try await ledger.record(planned.computed(tile)) }
      // Those that the surroundings cause say nothing of the run.
      for tile in 4..<20 { #expect(try await ledger.record(planned.failed(tile, .transient)) == .willRetry) }
      for tile in 20..<35 { #expect(try await ledger.record(planned.failed(tile, .corrupt)) == .willRetry) }
      #expect(try await ledger.record(planned.failed(35, .outOfMemory)) == .dead)
      let record = try #require(try await ledger.run(planned.run))
      #expect(record.state == .failed && record.deadTiles == 1 && record.failure?.kind == .corrupt)
      #expect(record.failure?.reason.contains("16 of 20 attempts failed") == true)
    },
    LedgerLaw("a few bad tiles of many don't end the run before their budgets do") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 60)
      _ = try await bench.dispatch(ledger)
      for tile in 0..<40 { _ = try await ledger.record(planned.computed(tile)) }
      for tile in 40..<60 { #expect(try await ledger.record(planned.failed(tile, .corrupt)) == .willRetry) }
      #expect(try await bench.state(ledger, planned.run) == .predicting)
    },
  ]
}
