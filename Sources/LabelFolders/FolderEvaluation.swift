public import Evaluation
internal import Foundation
internal import NiftiIO

/// Predictions compared with their references, case by case (nnunet/evaluation/evaluator.py, `aggregate_scores`).
public struct FolderEvaluation: Sendable {
  /// One case that could be compared.
  public struct Case: Sendable {
    public var pair: LabelPair
    public var evaluation: CaseEvaluation
    /// Whether prediction and reference say that they lie at different places, which nnU-Net doesn't look at.
    public var hasOtherGeometry: Bool
  }

  /// Labels that are reported, in this order.
  public let labels: [Int]
  public let cases: [Case]
  public let failed: [FailedCase]
  /// mm, for the surface Dice; `nil` where surfaces weren't measured.
  public let tolerance: Double?

  /// - Parameters:
  ///   - labels: `nil` for all that occur in any case, without background.
  ///   - tolerance: mm; `nil` measures no surfaces.
  ///   - threads: cases at a time; a single case has all of them.
  public init(of pairs: [LabelPair], labels: [Int]?, tolerance: Double?, threads: Int) {
    let surfaces = tolerance.map { CaseEvaluation.SurfaceOptions(tolerance: $0) }
    let results = ConcurrentCases.map(pairs, threads: threads) { pair, pool in
      let prediction = try LabelMap.load(pair.prediction)
      let reference = try LabelMap.load(pair.reference)
      let evaluation = try CaseEvaluation(
        prediction: prediction.labels, reference: reference.labels, spacing: prediction.geometry.spacing,
        labels: labels,
        surfaces: surfaces, pool: pool)
      return Case(
        pair: pair, evaluation: evaluation,
        hasOtherGeometry: !prediction.geometry.agrees(with: reference.geometry))
    }
    self.init(pairs: pairs, results: results, labels: labels, tolerance: tolerance)
  }

  /// From cases that were compared elsewhere.
  public init(
    pairs: [LabelPair], results: [Result<Case, any Error>], labels: [Int]?, tolerance: Double? = nil
  ) {
    var cases: [Case] = []
    var failed: [FailedCase] = []
    for (pair, result) in zip(pairs, results) {
      switch result {
      case .success(let evaluated): cases.append(evaluated)
      case .failure(let error): failed.append(FailedCase(name: pair.name, reason: "\(error)"))
      }
    }
    self.labels = labels ?? Set(cases.flatMap(\.evaluation.labels)).filter { $0 > 0 }.sorted()
    self.cases = cases
    self.failed = failed
    self.tolerance = tolerance
  }

  /// The mean over cases that have a value; NaN where none has.
  public func mean(of metric: OverlapMetric, label: Int) -> Double {
    Means.ofValues(cases.map { $0.evaluation.confusion(of: label)[metric] })
  }

  /// The mean over cases that have a value; NaN where none has.
  public func mean(of metric: SurfaceMetric, label: Int) -> Double {
    Means.ofValues(cases.map { $0.evaluation.value(of: metric, label: label) })
  }
}

extension ImageGeometry {
  /// Whether two images say the same of their place, but for the last digits of float32.
  fileprivate func agrees(with other: ImageGeometry) -> Bool {
    func close(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
      zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($0)) }
    }
    return close(itkSpacing, other.itkSpacing, 1e-4) && close(itkOrigin, other.itkOrigin, 1e-3)
      && close(itkDirection, other.itkDirection, 1e-3)
  }
}
