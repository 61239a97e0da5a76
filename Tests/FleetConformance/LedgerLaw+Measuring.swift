internal import FleetContracts
internal import Testing

extension LedgerLaw {
  private static let details = [
    LabelDetails(
      label: 1,
      box: LabelDetails.Box(
        lowerVoxel: [0, 1, 2], upperVoxel: [30, 41, 2], lowerMm: [-90.5, 0.1, 1e-7], upperMm: [12, 13, 14.25]),
      centroidVoxel: [1.0 / 3, 2, 3], centroidMm: [-1, -2, 1e10], surfaceMm2: 12.75, components: 3,
      largestComponentMl: 0.05,
      touchesBorder: true, isPreliminary: false, meanConfidence: 0.875, meanEntropy: 0.1,
      intensities: [
        LabelDetails.Intensity(channel: 0, mean: -12.5, sd: 3, min: -1024, max: 3071, p05: -20, p50: -12, p95: 40.125),
        LabelDetails.Intensity(channel: 1, mean: 0, sd: 0, min: 0, max: 0, p05: 0, p50: 0, p95: 0),
      ]),
    LabelDetails(label: 2),
  ]

  private static func comparison(_ run: RunID, _ reference: String, dice: Double? = 0.5) -> RunComparison {
    RunComparison(
      run: run, reference: LedgerBench.digest(reference), referenceName: "expert \"A\"", toleranceMm: 1.5,
      softwareVersion: "0.1.0",
      labels: [
        LabelComparison(
          label: 1, truePositives: 5_000_000_000, falsePositives: 2, falseNegatives: 0, dice: dice, jaccard: 1.0 / 3,
          hd95Mm: 2.5, assdMm: 0.25, surfaceDice: 1, volumeMl: 5, referenceVolumeMl: 4),
        LabelComparison(
          label: 2, truePositives: 0, falsePositives: 0, falseNegatives: 0, dice: nil, jaccard: nil, hd95Mm: nil,
          assdMm: nil, surfaceDice: nil, volumeMl: 0, referenceVolumeMl: 0),
      ])
  }

  static let measuring = [
    LedgerLaw("a completed run has what was measured of its labels, whole") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.predicted(ledger, tiles: 1)
      #expect(try await ledger.labelDetails(of: planned.run).isEmpty)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      var outcome = LedgerBench.outcome
      outcome.details = Self.details
      try await ledger.complete(stitch.claim, outcome)
      try await ledger.complete(stitch.claim, outcome)  // repeated after an unknown commit
      #expect(try await ledger.labelDetails(of: planned.run) == Self.details)
      #expect(try await ledger.run(planned.run)?.outcome == LedgerBench.outcome)
    },
    LedgerLaw("a run's comparison with a reference is kept, and replaced by a later one") { bench in
      let ledger = try await bench.ledger()
      let run = try await bench.submitted(ledger)
      try await ledger.record(Self.comparison(run, "one"))
      try await ledger.record(Self.comparison(run, "two"))
      try await ledger.record(Self.comparison(run, "one", dice: 0.75))
      try await ledger.record(Self.comparison(RunID(), "one"))
      let expected = [Self.comparison(run, "one", dice: 0.75), Self.comparison(run, "two")]
        .sorted { $0.reference.hexadecimal < $1.reference.hexadecimal }
      #expect(try await ledger.comparisons(of: run) == expected)
    },
  ]
}
