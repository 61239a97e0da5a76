internal import ArgumentParser
internal import Digests
internal import Evaluation
internal import FleetContracts
internal import Foundation
internal import Kernels
internal import NiftiIO
internal import Volumes

/// `tessera compare`
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares a completed run with a reference label map and keeps the result for analysts.",
    discussion: """
      Dice, Jaccard, surface distances (HD95, ASSD), surface Dice at a tolerance, and volumes, for each label that the run tells of. The reference
      must be on the image's grid. Comparing again with the same map and tolerance replaces what was kept. Analysts find it in
      analytics.comparisons and with `tessera query agreement`.

        tessera compare 0195c0de-… --reference expert.nii.gz --name expert --tolerance 2
      """)

  @Argument(help: "The run's identifier, as `tessera submit` printed it.", completion: .runs)
  var run: String

  @Option(help: ArgumentHelp("The reference label map (NIfTI).", valueName: "file"), completion: .file())
  var reference: String

  @Option(help: "What the reference is called, such as expert. No patient's name: analysts see it.")
  var name = "reference"

  @Option(help: ArgumentHelp("For the surface Dice: how far, in mm, surfaces may be apart.", valueName: "mm"))
  var tolerance = 1.0

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance must be a number of mm, not negative; it is \(tolerance).")
    }
  }

  func run() async throws {
    try await Failures.reported {
      guard let id = RunID(run) else {
        throw InputError("\(run) isn't a run's identifier; `tessera status` lists runs.")
      }
      let adapters = try await fleet.adapters(for: "compare")
      let (ledger, store) = (try await adapters.ledger(), try adapters.store())
      guard let record = try await ledger.run(id) else {
        throw InputError("There is no run \(run); `tessera status` lists runs.")
      }
      guard let outcome = record.outcome else {
        throw InputError(
          "The run \(run) is \(record.state.rawValue); only a completed run can be compared: wait for its end (`tessera status \(run)`)."
        )
      }
      let map = try LabelMap(file: try await store.get(outcome.labelMap).copy)
      let other = try loadReference()
      let comparison = try compare(
        RunLabels(run: id, outcome: outcome, map: map), with: other, threads: adapters.settings.threads)
      if !Self.agree(map.geometry, other.geometry) {
        Output.note("The run's label map and the reference lie at different places; voxels were compared as they are.")
      }
      try await ledger.record(comparison)
      await ledger.close()
      if json { try Output.json(comparison.labels) } else { Self.show(comparison, outcome.labels) }
    }
  }

  private func loadReference() throws -> LabelMap {
    do {
      return try LabelMap.load(URL(filePath: reference))
    } catch {
      throw InputError(
        "The reference \(reference) can't be used: \(error). --reference takes a NIfTI file of labels from 0 to 255 on the image's grid."
      )
    }
  }

  private struct RunLabels {
    var run: RunID
    var outcome: RunOutcome
    var map: LabelMap
  }

  private func compare(_ labels: RunLabels, with reference: LabelMap, threads: Int) throws -> RunComparison {
    let evaluation = try CaseEvaluation(
      prediction: labels.map.labels, reference: reference.labels, spacing: labels.map.geometry.spacing,
      labels: labels.outcome.labels.map(\.label), surfaces: .init(tolerance: tolerance),
      pool: ComputePool(threads: threads))
    return RunComparison(
      run: labels.run, reference: Digest(of: UnsafeRawBufferPointer(reference.labels.elements)), referenceName: name,
      toleranceMm: tolerance, softwareVersion: SoftwareVersion.current,
      labels: labels.outcome.labels.map { label in
        let counts = evaluation.confusion(of: label.label)
        func value(_ metric: SurfaceMetric) -> Double? { evaluation.value(of: metric, label: label.label).number }
        return LabelComparison(
          label: label.label, truePositives: counts.truePositives, falsePositives: counts.falsePositives,
          falseNegatives: counts.falseNegatives, dice: counts[.dice].number, jaccard: counts[.jaccard].number,
          hd95Mm: value(.hausdorffDistance95), assdMm: value(.averageSymmetricSurfaceDistance),
          surfaceDice: value(.surfaceDice), volumeMl: value(.volumeTest) ?? 0,
          referenceVolumeMl: value(.volumeReference) ?? 0)
      })
  }

  /// Whether both lie at the same place, within a hundredth of a millimetre at the first voxel and one step along each axis.
  private static func agree(_ first: ImageGeometry, _ second: ImageGeometry) -> Bool {
    [[0.0, 0, 0], [100, 0, 0], [0, 100, 0], [0, 0, 100]].allSatisfy { index in
      zip(first.world(index), second.world(index)).allSatisfy { abs($0 - $1) < 1e-2 }
    }
  }

  private static func show(_ comparison: RunComparison, _ labels: [LabelMeasurement]) {
    func text(_ value: Double?, _ digits: Int) -> String { value.map { Formats.number($0, digits: digits) } ?? "" }
    var table = TextTable([
      ("label", .right), ("name", .left), ("Dice", .right), ("HD95 mm", .right), ("ASSD mm", .right),
      ("surface Dice", .right), ("mL", .right), ("reference mL", .right),
    ])
    for label in comparison.labels {
      table.add([
        "\(label.label)", labels.first { $0.label == label.label }?.name ?? "", text(label.dice, 4),
        text(label.hd95Mm, 2), text(label.assdMm, 2), text(label.surfaceDice, 4), text(label.volumeMl, 2),
        text(label.referenceVolumeMl, 2),
      ])
    }
    Output.line(table.rendered())
  }
}

extension Double {
  /// `nil` for what isn't a number.
  fileprivate var number: Double? { isNaN ? nil : self }
}
