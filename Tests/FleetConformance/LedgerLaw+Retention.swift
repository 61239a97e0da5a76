internal import Digests
internal import FleetContracts
internal import Testing

extension LedgerLaw {
  static let retention = [
    LedgerLaw("everything of a run in work is needed") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 3)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(1))
      let record = try #require(try await ledger.run(planned.run))
      let needed = try await ledger.neededBlobs(imaginingTrimmed: [])
      #expect(needed.manifests == [record.model.digest] && needed.documents == [planned.plan.document])
      let all = Set(record.images + [record.model.digest, planned.plan.document, LedgerBench.digest("tile 1")])
      #expect(needed.blobs == all)
      #expect(try #require(needed.oldestOpenRun) >= .zero)
      #expect(try await ledger.trimmableRuns(overFor: .zero) == [])
      #expect(try await ledger.trim([planned.run], by: "nina") == [])
    },
    LedgerLaw("a run that is over can be trimmed, once, and keeps its results") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 2)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      let outcome = RunOutcome(
        labelMap: LedgerBench.digest("labels"), labelVoxels: LedgerBench.digest("voxels"),
        probabilities: LedgerBench.digest("npz"), properties: LedgerBench.digest("pkl"), labels: [], timings: [],
        engine: "blas/avx512", softwareVersion: "1")
      try await ledger.complete(stitch.claim, outcome)
      let tiles = Set((0..<2).map { LedgerBench.digest("tile \($0)") })
      let results = Set(["labels", "npz", "pkl"].map { LedgerBench.digest($0) })

      let whole = try await ledger.neededBlobs(imaginingTrimmed: [])
      #expect(whole.blobs.isSuperset(of: tiles.union(results)) && whole.oldestOpenRun == nil)
      let imagined = try await ledger.neededBlobs(imaginingTrimmed: [planned.run])
      #expect(imagined.blobs.isDisjoint(with: tiles) && imagined.blobs.isSuperset(of: results))
      #expect(imagined.documents == [] && imagined.blobs.contains(planned.plan.document))
      #expect(try await ledger.evidence(of: planned.run)?.isTrimmed == false)

      #expect(try await ledger.trimmableRuns(overFor: .seconds(3600)) == [])
      #expect(try await ledger.trimmableRuns(overFor: .zero) == [planned.run])
      #expect(try await ledger.trim([planned.run, RunID()], by: "nina") == [planned.run])
      #expect(try await ledger.trim([planned.run], by: "nina") == [])
      #expect(try await ledger.trimmableRuns(overFor: .zero) == [])
      #expect(try await ledger.neededBlobs(imaginingTrimmed: []) == imagined)
      let evidence = try #require(try await ledger.evidence(of: planned.run))
      #expect(evidence.isTrimmed && evidence.recordedRoot == evidence.root)
      #expect(Set(evidence.blobs).isDisjoint(with: tiles) && Set(evidence.blobs).isSuperset(of: results))
    },
    LedgerLaw("a run with an open dead letter isn't trimmed, as it may be replayed") { bench in
      let ledger = try await bench.ledger()
      let (planned, letter) = try await bench.dead(ledger, tiles: 3)
      #expect(try await ledger.trimmableRuns(overFor: .zero) == [])
      #expect(try await ledger.trim([planned.run], by: "nina") == [])
      #expect(try await ledger.neededBlobs(imaginingTrimmed: []).blobs.contains(LedgerBench.digest("tile 0")))
      #expect(try await ledger.drop(letter.id, by: "nina"))
      #expect(try await ledger.trim([planned.run], by: "nina") == [planned.run])
      #expect(try await !ledger.neededBlobs(imaginingTrimmed: []).blobs.contains(LedgerBench.digest("tile 0")))
    },
    LedgerLaw("votes, rules and a given segmentation are needed") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.submitted(ledger) { submission in
        submission.options.postprocessing = .rules(LedgerBench.digest("rules"))
        submission.passes[0].previous = .image(LedgerBench.digest("low resolution"))
      }
      let needed = try await ledger.neededBlobs(imaginingTrimmed: [])
      #expect(needed.blobs.isSuperset(of: ["rules", "low resolution"].map { LedgerBench.digest($0) }))
    },
  ]
}
