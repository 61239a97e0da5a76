internal import Evaluation
public import Foundation
public import PythonJSON

/// `evaluation.json`: what Tessera measures beyond nnU-Net's `summary.json`, in a file of its own, so that nnU-Net's tools find theirs
/// as they know it. Plain JSON: a metric without a value is null.
public struct EvaluationFile: Hashable, Sendable {
  public let json: JSONValue

  public static let fileName = "evaluation.json"

  public init(of evaluation: FolderEvaluation) {
    func value(_ number: Double) -> JSONValue { number.isFinite ? .float(number) : .null }
    func metrics(_ number: (SurfaceMetric) -> Double) -> JSONValue {
      .object(Dictionary(uniqueKeysWithValues: SurfaceMetric.allCases.map { ($0.rawValue, value(number($0))) }))
    }
    func byLabel(_ entry: (Int) -> JSONValue) -> [String: JSONValue] {
      Dictionary(evaluation.labels.map { (String($0), entry($0)) }, uniquingKeysWith: { $1 })
    }
    let cases = evaluation.cases.map { evaluated in
      JSONValue.object([
        "case": .string(evaluated.pair.name),
        "labels": .object(byLabel { label in metrics { evaluated.evaluation.value(of: $0, label: label) } }),
        "geometry_differs": .boolean(evaluated.hasOtherGeometry),
      ])
    }
    let failed = evaluation.failed.map {
      JSONValue.object(["case": .string($0.name), "reason": .string($0.reason)])
    }
    json = .object([
      "surface_dice_tolerance_mm": evaluation.tolerance.map { .float($0) } ?? .null,
      "cases": .array(cases), "failed": .array(failed),
      "mean": .object(byLabel { label in metrics { evaluation.mean(of: $0, label: label) } }),
    ])
  }

  /// - Throws: `LabelFolderError`.
  public func write(to file: URL) throws { try FileWriting.write(json.serialized(), to: file) }
}
