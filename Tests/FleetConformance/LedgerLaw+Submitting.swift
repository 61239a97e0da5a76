internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let models = [
    LedgerLaw("a registered model is found by its name, whole") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.model(named: "tissue") == nil)
      try await ledger.register(LedgerBench.model)
      #expect(try await ledger.model(named: "tissue") == LedgerBench.model)
      #expect(try await ledger.models() == [LedgerBench.model])
    },
    LedgerLaw("registering a model again is harmless") { bench in
      let ledger = try await bench.ledger()
      try await ledger.register(LedgerBench.model)
      try await ledger.register(LedgerBench.model)
      #expect(try await ledger.models() == [LedgerBench.model])
    },
    LedgerLaw("a name moves on to a new model, and earlier runs keep theirs") { bench in
      let ledger = try await bench.ledger()
      let earlier = try await bench.submitted(ledger)
      var next = LedgerBench.model
      next.digest = LedgerBench.digest("retrained")
      try await ledger.register(next)
      #expect(try await ledger.model(named: "tissue") == next)
      #expect(try await ledger.models() == [next])
      #expect(try await ledger.run(earlier)?.model == LedgerBench.model)
      try await ledger.register(LedgerBench.model)
      #expect(try await ledger.model(named: "tissue") == LedgerBench.model)
    },
    LedgerLaw("a model may have two names") { bench in
      let ledger = try await bench.ledger()
      var alias = LedgerBench.model
      alias.name = "brain"
      try await ledger.register(LedgerBench.model)
      try await ledger.register(alias)
      #expect(try await ledger.models() == [alias, LedgerBench.model])
    },
    LedgerLaw("a forgotten name is gone; runs, other names and a later registration are not touched") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger)
      var alias = LedgerBench.model
      alias.name = "brain"
      try await ledger.register(alias)
      for _ in 0..<2 { try await ledger.forget(modelNamed: "tissue") }
      #expect(try await ledger.model(named: "tissue") == nil)
      #expect(try await ledger.models() == [alias])
      #expect(try await ledger.run(run)?.model.digest == LedgerBench.model.digest)
      #expect(try await ledger.claimSubmittedRun(owner: "d", lease: LedgerBench.lease)?.run.id == run)
      try await ledger.register(LedgerBench.model)
      #expect(try await ledger.models() == [alias, LedgerBench.model])
    },
  ]

  static let submitting = [
    LedgerLaw("a submission makes a run that can be looked at") { bench in
      let ledger = try await bench.ledger()
      try await ledger.register(LedgerBench.model)
      let before = Date()
      var submission = LedgerBench.submission(key: "study-1")
      submission.images.append(LedgerBench.digest("second channel"))
      submission.passes[0].folds = ["fold_0", "a \"fold\""]
      submission.options = RunOptions(
        mirroring: false, stepSize: 0.3, savesProbabilities: true, postprocessing: .rules(LedgerBench.digest("rules")))
      let receipt = try await ledger.submit(submission)
      #expect(receipt.isNew)
      let run = try #require(try await ledger.run(receipt.run))
      #expect(run.id == receipt.run)
      #expect(run.model == LedgerBench.model)
      #expect(run.passes == submission.passes.map { PassRecord(request: $0) })
      #expect(run.images == submission.images)
      #expect(run.options == submission.options)
      #expect(run.key == "study-1")
      #expect(run.state == .submitted)
      #expect(abs(run.submittedAt.timeIntervalSince(before)) < 60)
      #expect(run.startedAt == nil && run.finishedAt == nil && run.failure == nil && run.outcome == nil)
      #expect(run.plannedTiles == 0 && run.acceptedTiles == 0 && run.deadTiles == 0)
    },
    LedgerLaw("an unknown run is nil") { bench in
      let run = try await bench.ledger().run(RunID())
      #expect(run == nil)
    },
    LedgerLaw("an unknown model is refused") { bench in
      let ledger = try await bench.ledger()
      await #expect(throws: LedgerError.unknownModel(LedgerBench.model.digest.hexadecimal)) {
        try await ledger.submit(LedgerBench.submission())
      }
      #expect(try await ledger.runs(limit: 10) == [])
    },
    LedgerLaw("without a key each submission makes a run") { bench in
      let ledger = try await bench.ledger()
      let first = try await bench.submitted(ledger)
      let second = try await bench.submitted(ledger)
      #expect(first != second)
    },
    LedgerLaw("a key answers the run that it made") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger, key: "study-1")
      let receipt = try await ledger.submit(LedgerBench.submission(key: "study-1"))
      #expect(receipt == SubmissionReceipt(run: run, isNew: false))
      #expect(try await ledger.runs(limit: 10).count == 1)
    },
    LedgerLaw("a key with other images, model or options is refused") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger, key: "study-1")
      var model = LedgerBench.model
      model.name = "other"
      model.digest = LedgerBench.digest("other")
      try await ledger.register(model)
      var others = [LedgerBench.submission("other image"), LedgerBench.submission(), LedgerBench.submission()]
      others[1].passes[0].model = model.digest
      others[2].options.mirroring = false
      for var other in others {
        other.key = "study-1"
        let submission = other
        await #expect(throws: LedgerError.keyConflict(key: "study-1", run: run)) { try await ledger.submit(submission) }
      }
      #expect(try await ledger.runs(limit: 10).count == 1)
    },
    LedgerLaw("the newest runs come first") { bench in
      let ledger = try await bench.ledger()
      var runs: [RunID] = []
      for index in 0..<4 { runs.append(try await bench.submitted(ledger, "image \(index)")) }
      #expect(try await ledger.runs(limit: 3).map(\.id) == Array(runs.reversed().prefix(3)))
      #expect(try await ledger.runs(limit: 0) == [])
    },
  ]
}
