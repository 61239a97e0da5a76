internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let deadLetters = [
    LedgerLaw("a tile that dies leaves a dead letter, once") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 2)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.deadLetters(onlyOpen: false, run: nil, limit: 10) == [])
      for _ in 0..<3 { _ = try await ledger.record(planned.failed(1, .invalid)) }
      let letters = try await ledger.deadLetters(onlyOpen: true, run: planned.run, limit: 10)
      let letter = try #require(letters.first)
      #expect(letters.count == 1 && letter.state == .open && letter.worker == "host-1")
      #expect(letter.content == .tile(job: planned.job(1), kind: .invalid))
      #expect(letter.reason == (try await ledger.run(planned.run))?.failure?.reason)
      #expect(try await ledger.deadLetter(letter.id) == letter)
      #expect(try await ledger.deadLetters(onlyOpen: true, run: RunID(), limit: 10) == [])
    },
    LedgerLaw("replaying a dead tile lets its run go on, to the end") { bench in
      let ledger = try await bench.ledger()
      let (planned, letter) = try await bench.dead(ledger, tiles: 3)
      #expect(try await ledger.replay(letter.id, by: "nina"))
      let record = try #require(try await ledger.run(planned.run))
      #expect(record.state == .predicting && record.failure == nil && record.finishedAt == nil && record.deadTiles == 0)
      #expect(record.acceptedTiles == 1)
      let settled = try #require(try await ledger.deadLetter(letter.id))
      #expect(settled.state == .replayed && settled.settledBy == "nina" && settled.settledAt != nil)

      let jobs = try await bench.dispatch(ledger)
      #expect(jobs.map(\.tile) == [1, 2] && jobs.allSatisfy { $0.epoch == planned.claim.epoch && $0.attempt == 2 })
      for job in jobs { _ = try await ledger.record(LedgerBench.computed(job)) }
      #expect(try await bench.state(ledger, planned.run) == .stitching)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      #expect(stitch.tiles == (0..<3).map { LedgerBench.digest("tile \($0)") })
    },
    LedgerLaw("a replay twice is harmless, and what was under way before it counts") { bench in
      let ledger = try await bench.ledger()
      let (planned, letter) = try await bench.dead(ledger, tiles: 3)
      #expect(try await ledger.replay(letter.id, by: "nina"))
      #expect(try await !ledger.replay(letter.id, by: "nina"))
      #expect(try await ledger.record(planned.failed(1)) == .willRetry)
      #expect(try await ledger.record(planned.computed(2)) == .accepted(completesPass: false))
      #expect(try await bench.dispatch(ledger).map(\.tile) == [1])
      #expect(try await !ledger.replay(letter.id, by: "nina"))
      #expect(try await bench.dispatch(ledger) == [])
    },
    LedgerLaw("a replayed tile has new budgets, and dies of them with a letter of its own") { bench in
      let ledger = try await bench.ledger()
      let (planned, letter) = try await bench.dead(ledger, tiles: 3, .poison)
      _ = try await ledger.replay(letter.id, by: "nina")
      let budget = RetryPolicy.budget(of: .poison).attempts
      for failures in 1...budget {
        let job = try #require(try await bench.dispatch(ledger).first { $0.tile == 1 })
        let receipt = try await ledger.record(LedgerBench.failed(job, .poison))
        #expect(receipt == (failures == budget ? .dead : .willRetry))
        try await bench.advance(by: .seconds(100))
      }
      let letters = try await ledger.deadLetters(onlyOpen: false, run: planned.run, limit: 10)
      #expect(letters.map(\.state) == [.open, .replayed])
      #expect(try await ledger.deadLetters(onlyOpen: true, run: planned.run, limit: 10).count == 1)
    },
    LedgerLaw("a dead tile of a cancelled run isn't replayed") { bench in
      let ledger = try await bench.ledger()
      let (planned, letter) = try await bench.dead(ledger, tiles: 3)
      _ = try await ledger.replay(letter.id, by: "nina")
      _ = try await ledger.cancel(planned.run)
      await #expect(throws: DeadLetterError.self) { try await ledger.replay(letter.id, by: "nina") }
      #expect(try await bench.state(ledger, planned.run) == .cancelled)
    },
    LedgerLaw("what was dropped stays so, and what was replayed can't be dropped") { bench in
      let ledger = try await bench.ledger()
      let (planned, letter) = try await bench.dead(ledger, tiles: 3)
      #expect(try await ledger.drop(letter.id, by: "nina"))
      #expect(try await !ledger.drop(letter.id, by: "nina"))
      await #expect(throws: DeadLetterError.self) { try await ledger.replay(letter.id, by: "nina") }
      #expect(try await bench.state(ledger, planned.run) == .failed)
      #expect(try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 10) == [])

      let (_, other) = try await bench.dead(ledger, tiles: 3, "another image")
      _ = try await ledger.replay(other.id, by: "nina")
      await #expect(throws: DeadLetterError.self) { try await ledger.drop(other.id, by: "nina") }
      await #expect(throws: DeadLetterError.unknown(4711)) { try await ledger.replay(4711, by: "nina") }
    },
    LedgerLaw("an unreadable message is kept once, and again when it dies again") { bench in
      let ledger = try await bench.ledger()
      let message = QueueMessage(id: "x \u{1F600}", type: "what.v9", body: Array(0...255))
      for _ in 0..<3 { try await ledger.keep(message, from: .tiles, reason: "It can't be read.") }
      var other = message
      other.body = []
      try await ledger.keep(other, from: nil, reason: "It can't be read either.")
      let letters = try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 10)
      #expect(letters.map(\.content) == [.message(other, queue: nil), .message(message, queue: .tiles)])
      let letter = letters[1]
      #expect(letter.reason == "It can't be read." && letter.worker == nil && letter.run == nil)
      #expect(try await ledger.replay(letter.id, by: "nina"))
      #expect(try await ledger.deadLetter(letter.id)?.state == .replayed)
      try await ledger.keep(message, from: .tiles, reason: "It still can't be read.")
      #expect(try await ledger.deadLetter(letter.id)?.state == .open)
      #expect(try await ledger.deadLetters(onlyOpen: false, run: nil, limit: 10).count == 2)
      #expect(try await ledger.drop(letter.id, by: "nina"))
      try await ledger.keep(message, from: .tiles, reason: "It still can't be read.")
      #expect(try await ledger.deadLetter(letter.id)?.state == .dropped)
    },
    LedgerLaw("a message that dies again before its replay is noted stays with the operator") { bench in
      let ledger = try await bench.ledger()
      let message = QueueMessage(id: "x", type: "what.v9", body: [1])
      try await ledger.keep(message, from: .tiles, reason: "It can't be read.")
      let letter = try #require(try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 1).first)
      // Published again by the operator, and dead again at once.
      try await ledger.keep(message, from: .tiles, reason: "It can't be read.")
      #expect(try await !ledger.replay(letter, by: "nina"))
      #expect(try await ledger.deadLetter(letter.id)?.state == .open)
    },
  ]
}

extension LedgerBench {
  /// A failed run: tile 0 has a result, tile 1 is dead, the others are queued.
  func dead(
    _ ledger: any Ledger, tiles: Int, _ name: String = "image", _ kind: FailureKind = .invalid
  ) async throws -> (planned: Planned, letter: DeadLetter) {
    let planned = try await planned(ledger, tiles: tiles, name)
    _ = try await dispatch(ledger)
    _ = try await ledger.record(planned.computed(0))
    for attempt in 1...RetryPolicy.budget(of: kind).attempts {
      if attempt > 1 { _ = try await dispatch(ledger) }
      _ = try await ledger.record(planned.failed(1, attempt: attempt, kind))
      try await advance(by: .seconds(100))
    }
    let letters = try await ledger.deadLetters(onlyOpen: true, run: planned.run, limit: 1)
    return (planned, try #require(letters.first))
  }

  func dead(
    _ ledger: any Ledger, tiles: Int, _ kind: FailureKind
  ) async throws -> (planned: Planned, letter: DeadLetter) {
    try await dead(ledger, tiles: tiles, "image", kind)
  }

  static func computed(_ job: TileJob, _ content: String? = nil, worker: String = "host-1") -> TileResult {
    TileResult(
      job: job, outcome: .computed(probabilities: digest(content ?? "tile \(job.tile)"), bytes: 4096), worker: worker,
      engine: "blas/avx512", timings: TileTimings(fetch: 0.5, infer: 1.25, put: 0.25))
  }

  static func failed(_ job: TileJob, _ kind: FailureKind = .transient, worker: String = "host-1") -> TileResult {
    TileResult(
      job: job, outcome: .failed(kind: kind, reason: "The store was away."), worker: worker, engine: "blas/avx512")
  }
}
