import Evaluation
import Foundation
import LabelFolders
import PythonJSON
import Testing
import Testkit

@Suite struct FolderEvaluationTests {
  private func pairs(_ cases: [String: (prediction: [UInt8], reference: [UInt8])], in folder: URL) throws -> [LabelPair]
  {
    for (name, maps) in cases {
      try Maps.write(maps.prediction, to: folder.appending(path: "pred/\(name).nii.gz"))
      try Maps.write(maps.reference, to: folder.appending(path: "ref/\(name).nii.gz"))
    }
    return try LabelFolder.pairs(
      predictions: try LabelFolder(folder.appending(path: "pred")),
      references: try LabelFolder(folder.appending(path: "ref")))
  }

  @Test func labelsAreThoseThatOccurAndMeansLeaveOutCasesWithoutValue() throws {
    let folder = try TemporaryFolder()
    let pairs = try pairs(
      [
        "a": ([0, 1, 1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0, 0]),
        "b": ([0, 0, 3, 0, 0, 0, 0, 0], [0, 0, 3, 3, 3, 0, 0, 0]),
      ],
      in: folder.url)
    let evaluation = FolderEvaluation(of: pairs, labels: nil, tolerance: 1, threads: 2)
    #expect(evaluation.labels == [1, 3])
    #expect(evaluation.mean(of: OverlapMetric.dice, label: 1) == 0.8)
    #expect(evaluation.mean(of: OverlapMetric.dice, label: 3) == 0.5)
    // Of the five distances 0, 0, 0, 0 and 1 mm, between the fourth and the fifth.
    #expect(abs(evaluation.mean(of: SurfaceMetric.hausdorffDistance95, label: 1) - 0.8) < 1e-12)
    // One voxel is 1 mm³, the spacing 2 x 0.5 x 1 mm.
    #expect(evaluation.mean(of: SurfaceMetric.volumeDifference, label: 1) == 0.0005)
    #expect(evaluation.mean(of: OverlapMetric.dice, label: 2).isNaN)
  }

  @Test func aCaseThatCannotBeComparedStaysOutAndIsNamed() throws {
    let folder = try TemporaryFolder()
    let pairs = try pairs(["a": ([0, 1], [0, 1]), "b": ([0, 1, 1], [0, 1])], in: folder.url)
    try Data("no image".utf8).write(to: folder.url.appending(path: "pred/c.nii.gz"))
    let all =
      pairs + [
        LabelPair(
          name: "c.nii.gz", prediction: folder.url.appending(path: "pred/c.nii.gz"), reference: pairs[0].reference)
      ]
    let evaluation = FolderEvaluation(of: all, labels: [1], tolerance: nil, threads: 1)
    #expect(evaluation.cases.map(\.pair.name) == ["a.nii.gz"])
    #expect(evaluation.failed.map(\.name) == ["b.nii.gz", "c.nii.gz"])
    #expect(evaluation.failed[0].reason.contains("1x1x3"))
    let file = EvaluationFile(of: evaluation).json
    #expect(file["failed"]?.array?.count == 2)
    #expect(file["mean"]?["1"]?["hausdorff_distance_95_mm"] == .null)
  }

  /// nnU-Net's own `summary.json` for maps of golden's selection, all keys and values but time, id and paths.
  @Test(.enabled(if: Fixtures.golden != nil, "needs nnU-Net's larger set of answers (TESSERA_GOLDEN)"))
  func theSummaryIsNnunets() throws {
    let root = try #require(Fixtures.golden).appending(path: "selection/nnUNet")
    for configuration in ["3d_fullres", "3d_lowres"] {
      let model = root.appending(path: "\(configuration)/Task501_BrainTissue/nnUNetTrainerV2__nnUNetPlansv2.1")
      for fold in 0..<5 {
        let predictions = try LabelFolder(model.appending(path: "fold_\(fold)/validation_raw"))
        let pairs = predictions.files.map {
          LabelPair(
            name: $0, prediction: predictions.path(of: $0),
            reference: model.appending(path: "gt_niftis").appending(path: $0))
        }
        let theirs = try Summary(reading: predictions.path(of: Summary.fileName))
        let ours = Summary(
          of: FolderEvaluation(of: pairs, labels: theirs.labels, tolerance: nil, threads: 2),
          name: theirs.json["name"]?.string ?? "", task: theirs.json["task"]?.string ?? "")
        #expect(ours.json.withoutOccasion == theirs.json.withoutOccasion)
      }
    }
  }

  @Test func theMeanOverLabelsIsAddedAsNnunetAddsIt() throws {
    let folder = try TemporaryFolder()
    let pairs = try pairs(["a": ([0, 1, 1, 2, 0, 0], [0, 1, 2, 2, 0, 0])], in: folder.url)
    let evaluation = FolderEvaluation(of: pairs, labels: [0, 1, 2, 10], tolerance: nil, threads: 1)
    let file = folder.url.appending(path: "summary.json")
    try Summary(of: evaluation).addingForegroundMean().write(to: file)
    let summary = try Summary(reading: file)
    #expect(summary.labels == [0, 1, 10, 2])
    #expect(summary.foregroundDice.isNaN)
    #expect(summary.meanDice == 2.0 / 3)
    #expect(summary.caseCount == 1)
    #expect(summary.json["results"]?["all"]?.array?[0]["test"]?.string?.hasSuffix("pred/a.nii.gz") == true)
  }
}

extension JSONValue {
  /// Without what differs from one occasion to the next: paths, time, id.
  fileprivate var withoutOccasion: JSONValue {
    switch self {
    case .object(let entries):
      .object(
        entries.filter { !["test", "reference", "timestamp", "id"].contains($0.key) }.mapValues(\.withoutOccasion))
    case .array(let values): .array(values.map(\.withoutOccasion))
    // A missing value equals a missing value.
    case .float(let value) where value.isNaN: .string("NaN")
    default: self
    }
  }
}
