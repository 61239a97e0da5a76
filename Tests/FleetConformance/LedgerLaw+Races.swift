internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let races = [
    LedgerLaw("of many claimers at once one wins") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      _ = try await bench.submitted(ledgers[0])
      let wins = try await concurrently(8) {
        try await ledgers[$0 % 2].claimSubmittedRun(owner: "owner \($0)", lease: LedgerBench.lease)
      }
      #expect(wins.count { $0 != nil } == 1)
    },
    LedgerLaw("claimers at once get runs of their own") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      for index in 0..<6 { _ = try await bench.submitted(ledgers[0], "image \(index)") }
      let claims = try await concurrently(6) {
        try await ledgers[$0 % 2].claimSubmittedRun(owner: "owner \($0)", lease: LedgerBench.lease)?.run.id
      }
      // A claimer may look past a run that another holds at that moment, and find nothing; none is given out twice.
      #expect(Set(claims.compactMap { $0 }).count == claims.count { $0 != nil })
    },
    LedgerLaw("one key submitted by many at once makes one run") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      try await ledgers[0].register(LedgerBench.model)
      let receipts = try await concurrently(10) {
        try await ledgers[$0 % 2].submit(LedgerBench.submission(key: "study-1"))
      }
      #expect(Set(receipts.map(\.run)).count == 1)
      #expect(receipts.count { $0.isNew } == 1)
    },
    LedgerLaw("one model registered by many at once is one model") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      _ = try await concurrently(8) { try await ledgers[$0 % 2].register(LedgerBench.model) }
      #expect(try await ledgers[0].models() == [LedgerBench.model])
    },
    LedgerLaw("a hundred deliveries of each result at once have one effect") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      let planned = try await bench.planned(ledgers[0], tiles: 4)
      _ = try await bench.dispatch(ledgers[0])
      let receipts = try await concurrently(400) { try await ledgers[$0 % 2].record(planned.computed($0 % 4)) }
      #expect(receipts.count { $0 == .accepted(completesPass: false) } == 3)
      #expect(receipts.count { $0 == .accepted(completesPass: true) } == 1)
      #expect(receipts.count { $0 == .duplicate } == 396)
      #expect(try await ledgers[0].run(planned.run)?.acceptedTiles == 4)
      let stitches = try await concurrently(4) {
        try await ledgers[$0 % 2].claimStitch(owner: "owner \($0)", lease: LedgerBench.lease)
      }
      #expect(stitches.count { $0 != nil } == 1)
    },
    LedgerLaw("dispatchers at once share one window and publish each tile once") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      let planned = try await bench.planned(ledgers[0], tiles: 60)
      let moved = try await concurrently(8) { try await ledgers[$0 % 2].enqueueTiles(window: 40) }
      #expect(moved.reduce(0, +) == 40)
      let claimed = try await concurrently(8) {
        try await ledgers[$0 % 2].claimOutbox(limit: 7, lease: LedgerBench.lease)
      }
      let jobs = try claimed.joined().map { try $0.message.tileJob().tile }
      #expect(Set(jobs).count == jobs.count && jobs.allSatisfy { $0 < 40 })
      #expect(try await ledgers[0].run(planned.run)?.plannedTiles == 60)
    },
    LedgerLaw("results, failures and dispatching at once end in a complete run") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      let planned = try await bench.planned(ledgers[0], tiles: 20)
      _ = try await bench.dispatch(ledgers[0], window: 10)
      _ = try await concurrently(60) { index in
        let ledger = ledgers[index % 2]
        switch index % 3 {
        case 0: _ = try await ledger.record(planned.computed(index % 10))
        case 1: _ = try await ledger.record(planned.failed(index % 10))
        default: _ = try await bench.dispatch(ledger, window: 10)
        }
      }
      for _ in 0..<20 where try await bench.state(ledgers[0], planned.run) == .predicting {
        try await bench.advance(by: .seconds(100))
        for job in try await bench.dispatch(ledgers[0]) {
          _ = try await ledgers[0].record(planned.computed(job.tile, attempt: job.attempt))
        }
        _ = try await ledgers[0].requeueOverdueTiles(olderThan: .seconds(1))
      }
      #expect(try await bench.state(ledgers[0], planned.run) == .stitching)
      let stitch = try #require(try await ledgers[0].claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(stitch.tiles == (0..<20).map { LedgerBench.digest("tile \($0)") })
    },
  ]

  /// Runs `body` for 0 ..< `count` at once.
  static func concurrently<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
  ) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
      for index in 0..<count { group.addTask { try await body(index) } }
      var values: [Value] = []
      for try await value in group { values.append(value) }
      return values
    }
  }
}
