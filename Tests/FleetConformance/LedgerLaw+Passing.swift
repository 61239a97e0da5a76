internal import Digests
internal import FleetContracts
internal import Testing

extension LedgerLaw {
  /// Runs of several passes: a cascade that is averaged with another model.
  static let passing = [
    LedgerLaw("a run of several models names its members and keeps what was asked for") { bench in
      let ledger = try await bench.ledger()
      let run = try await Several.submitted(ledger)
      let record = try #require(try await ledger.run(run))
      #expect(record.passes == Several.requests.map { PassRecord(request: $0) })
      #expect(record.model.name == "tissue + cascade" && record.model.digest == Several.cascade.digest)
      #expect(record.model.previous == Several.lowres.digest)
      #expect(record.position == 0)
    },
    LedgerLaw("a pass whose model is unknown is refused") { bench in
      let ledger = try await bench.ledger()
      try await ledger.register(LedgerBench.model)
      await #expect(throws: LedgerError.unknownModel(Several.lowres.digest.hexadecimal)) {
        try await ledger.submit(Several.submission)
      }
      #expect(try await ledger.runs(limit: 10) == [])
    },
    LedgerLaw("passes that can't be worked through in order are refused") { bench in
      let ledger = try await bench.ledger()
      for model in [LedgerBench.model, Several.lowres, Several.cascade] { try await ledger.register(model) }
      var submissions = Array(repeating: Several.submission, count: 4)
      submissions[0].passes = []
      submissions[1].passes[2].weight = 0
      submissions[2].passes[2].previous = .pass(2)
      submissions[3].passes[0].weight = -1
      for submission in submissions {
        await #expect(throws: PassRequestError.self) { try await ledger.submit(submission) }
      }
      #expect(try await ledger.runs(limit: 10) == [])
    },
    LedgerLaw("a first stage that becomes known later is kept with its model") { bench in
      let ledger = try await bench.ledger()
      var alone = Several.cascade
      alone.previous = nil
      try await ledger.register(alone)
      #expect(try await ledger.model(named: "cascade") == alone)
      try await ledger.register(Several.lowres)
      try await ledger.register(Several.cascade)
      try await ledger.register(alone)
      #expect(try await ledger.model(named: "cascade") == Several.cascade)
    },
    LedgerLaw("passes follow each other, each with its tiles, and the last one's end is the run's") { bench in
      let ledger = try await bench.ledger()
      let run = try await Several.submitted(ledger)
      var earlier: [PassOutcome] = []
      for position in 0..<2 {
        let stitch = try await bench.toStitching(ledger, run, position: position, tiles: position + 1)
        #expect(stitch.claim.run.position == position && stitch.tiles.count == position + 1)
        #expect(stitch.claim.run.passes.prefix(position).map(\.outcome) == earlier)
        #expect(stitch.timings == [StepTiming(step: "preprocess", seconds: 1.5, pass: position)])
        let outcome = Several.outcome(position)
        try await ledger.completePass(stitch.claim, outcome)
        try await ledger.completePass(stitch.claim, outcome)  // repeated after an unknown commit
        let record = try #require(try await ledger.run(run))
        #expect(record.state == .continuing && record.passes[position].outcome == outcome)
        #expect(record.position == position + 1)
        earlier.append(outcome)
      }
      let stitch = try await bench.toStitching(ledger, run, position: 2, tiles: 3)
      #expect(stitch.claim.run.passes.map(\.outcome) == earlier + [nil])
      try await ledger.complete(stitch.claim, LedgerBench.outcome)
      let record = try #require(try await ledger.run(run))
      #expect(record.state == .completed && record.outcome == LedgerBench.outcome)
      #expect(record.plannedTiles == 6 && record.acceptedTiles == 6)
    },
    LedgerLaw("a run that goes on is claimed before younger ones, and handed back it waits to go on") { bench in
      let ledger = try await bench.ledger()
      let run = try await Several.submitted(ledger)
      let stitch = try await bench.toStitching(ledger, run, position: 0, tiles: 1)
      _ = try await bench.submitted(ledger, "younger")
      try await ledger.completePass(stitch.claim, Several.outcome(0))
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease))
      #expect(claim.run.id == run && claim.run.state == .preparing && claim.run.position == 1)
      try await ledger.release(claim)
      #expect(try await bench.state(ledger, run) == .continuing)
      let next = try #require(try await ledger.claimSubmittedRun(owner: "b", lease: LedgerBench.lease))
      #expect(next.run.id == run && next.epoch > claim.epoch)
      try await ledger.fail(next, RunFailure(kind: .invalid, reason: "The second model can't take the image."))
      #expect(try await bench.state(ledger, run) == .failed)
    },
    LedgerLaw("a pass in the middle can't end the run, and the last one can't go on") { bench in
      let ledger = try await bench.ledger()
      let run = try await Several.submitted(ledger)
      let first = try await bench.toStitching(ledger, run, position: 0, tiles: 1)
      await bench.expectFenced(run) { try await ledger.complete(first.claim, LedgerBench.outcome) }
      try await ledger.completePass(first.claim, Several.outcome(0))
      await bench.expectFenced(run) { try await ledger.completePass(first.claim, Several.outcome(1)) }
      let second = try await bench.toStitching(ledger, run, position: 1, tiles: 1)
      try await ledger.completePass(second.claim, Several.outcome(1))
      let last = try await bench.toStitching(ledger, run, position: 2, tiles: 1)
      await bench.expectFenced(run) { try await ledger.completePass(last.claim, Several.outcome(2)) }
      try await ledger.complete(last.claim, LedgerBench.outcome)
    },
    LedgerLaw("a late result of an earlier pass is a duplicate and changes nothing") { bench in
      let ledger = try await bench.ledger()
      let run = try await Several.submitted(ledger)
      let first = try await bench.toStitching(ledger, run, position: 0, tiles: 1)
      try await ledger.completePass(first.claim, Several.outcome(0))
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease))
      let plan = PassPlan(document: LedgerBench.digest("document 1"), tiles: 2)
      try await ledger.plan(plan, of: claim)
      let late = TileResult(
        job: TileJob(
          run: run, pass: first.pass, epoch: first.claim.epoch - 1, tile: 0, attempt: 1, document: first.document),
        outcome: .computed(probabilities: first.tiles[0], bytes: 4096), worker: "host-1", engine: "blas/avx512")
      #expect(try await ledger.record(late) == .duplicate)
      #expect(try await bench.state(ledger, run) == .predicting)
      #expect(try await bench.dispatch(ledger).map(\.pass) == [plan.id, plan.id])
    },
  ]
}

/// A cascade and another model, averaged.
private enum Several {
  static let lowres = model("cascade/3d_lowres", "lowres", "3d_lowres")
  static let cascade = {
    var record = model("cascade", "cascade", ModelRecord.cascadeConfiguration)
    record.previous = lowres.digest
    return record
  }()

  static let requests = [
    PassRequest(model: LedgerBench.model.digest, folds: ["fold_0"], weight: 0.5),
    PassRequest(model: lowres.digest, weight: 0),
    PassRequest(model: cascade.digest, folds: ["fold_1", "all"], previous: .pass(1), weight: 2),
  ]

  static var submission: Submission {
    Submission(images: [LedgerBench.digest("image")], passes: requests, options: RunOptions())
  }

  private static func model(_ name: String, _ content: String, _ configuration: String) -> ModelRecord {
    var model = LedgerBench.model
    model.name = name
    model.digest = LedgerBench.digest(content)
    model.configuration = configuration
    return model
  }

  static func submitted(_ ledger: any Ledger) async throws -> RunID {
    for model in [LedgerBench.model, lowres, cascade] { try await ledger.register(model) }
    return try await ledger.submit(submission).run
  }

  static func outcome(_ position: Int) -> PassOutcome {
    PassOutcome(
      labelMap: LedgerBench.digest("label map \(position)"), labelVoxels: LedgerBench.digest("voxels \(position)"),
      probabilities: position == 0 ? LedgerBench.digest("npy") : nil, engines: ["blas/avx2", "blas/avx512"],
      timings: [
        StepTiming(step: "preprocess", seconds: 1.5, pass: position),
        StepTiming(step: "stitch", seconds: 0.25, pass: position),
      ])
  }
}

extension LedgerBench {
  /// Brings a run from waiting for a dispatcher to its pass's stitching, and claims that.
  fileprivate func toStitching(
    _ ledger: any Ledger, _ run: RunID, position: Int, tiles: Int
  ) async throws -> StitchClaim {
    let claim = try #require(try await ledger.claimSubmittedRun(owner: "dispatcher", lease: Self.lease))
    #expect(claim.run.id == run && claim.run.position == position)
    let plan = PassPlan(
      document: Self.digest("document \(position)"), tiles: tiles,
      timings: [StepTiming(step: "preprocess", seconds: 1.5, pass: position)])
    try await ledger.plan(plan, of: claim)
    for job in try await dispatch(ledger) {
      #expect(job.pass == plan.id && job.document == plan.document)
      let result = TileResult(
        job: job, outcome: .computed(probabilities: Self.digest("tile \(position) \(job.tile)"), bytes: 4096),
        worker: "host-1", engine: "blas/avx512")
      #expect(try await ledger.record(result) == .accepted(completesPass: job.tile == tiles - 1))
    }
    let stitch = try #require(try await ledger.claimStitch(owner: "aggregator", lease: Self.lease))
    #expect(stitch.claim.run.id == run && stitch.pass == plan.id && stitch.document == plan.document)
    return stitch
  }
}
