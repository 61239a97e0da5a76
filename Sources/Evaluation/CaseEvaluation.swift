public import Kernels
internal import LabelShapes
public import Volumes

/// A prediction compared with its reference.
///
///     let evaluation = try CaseEvaluation(
///       prediction: prediction, reference: reference, spacing: spacing, surfaces: .init(tolerance: 1), pool: pool)
///     let dice = evaluation.confusion(of: 1)[.dice]
///     let distance = evaluation.value(of: .hausdorffDistance95, label: 1)
public struct CaseEvaluation: Sendable {
  /// What is asked of surfaces.
  public struct SurfaceOptions: Hashable, Sendable {
    /// mm; for `SurfaceMetric.surfaceDice`.
    public var tolerance: Double

    public init(tolerance: Double) { self.tolerance = tolerance }
  }

  private let counts: JointCounts
  private let surfaces: [Int: SurfaceAgreement]
  private let spacing: Spacing

  /// - Parameters:
  ///   - spacing: of the prediction, in mm.
  ///   - labels: those whose surfaces are measured; `nil` for all that occur, without background.
  ///   - surfaces: `nil` measures none.
  /// - Throws: `EvaluationError` when the extents differ, `LabelShapesError` for planes that are too large.
  public init(
    prediction: LabelVolume, reference: LabelVolume, spacing: Spacing, labels: [Int]? = nil,
    surfaces options: SurfaceOptions?, pool: ComputePool
  ) throws {
    counts = try JointCounts(prediction: prediction, reference: reference)
    self.spacing = spacing
    var surfaces: [Int: SurfaceAgreement] = [:]
    if let options {
      let (predicted, referred) = (LabelBoxes(of: prediction), LabelBoxes(of: reference))
      for label in labels ?? counts.labels.filter({ $0 > 0 }) where Self.hasSurfaces(counts.confusion(of: label)) {
        let set = LabelSet([label])
        guard let first = predicted.box(of: set), let second = referred.box(of: set) else { continue }
        let box = first.union(second)
        surfaces[label] = SurfaceAgreement(
          prediction: try LabelSurface(of: set, in: prediction, box: box),
          reference: try LabelSurface(of: set, in: reference, box: box), spacing: spacing, tolerance: options.tolerance,
          pool: pool)
      }
    }
    self.surfaces = surfaces
  }

  /// nnU-Net gives surfaces no value where one of the two masks is empty or fills the whole image.
  private static func hasSurfaces(_ counts: ConfusionCounts) -> Bool {
    [counts.predicted, counts.reference].allSatisfy { $0 > 0 && $0 < counts.voxels }
  }

  /// Labels that occur in the prediction or in the reference, ascending, background among them.
  public var labels: [Int] { counts.labels }

  public func confusion(of label: Int) -> ConfusionCounts { counts.confusion(of: label) }

  /// NaN where there is no value: for surfaces, where the label is absent from one of the two, fills one of them, or wasn't measured.
  public func value(of metric: SurfaceMetric, label: Int) -> Double {
    let counts = confusion(of: label)
    let millilitres = spacing.voxelMillilitres
    switch metric {
    case .hausdorffDistance95: return surfaces[label]?.hausdorffDistance95 ?? .nan
    case .averageSymmetricSurfaceDistance: return surfaces[label]?.averageSymmetricSurfaceDistance ?? .nan
    case .surfaceDice: return surfaces[label]?.surfaceDice ?? .nan
    case .volumeDifference: return Double(counts.predicted - counts.reference) * millilitres
    case .absoluteVolumeDifference: return abs(Double(counts.predicted - counts.reference) * millilitres)
    case .volumeReference: return Double(counts.reference) * millilitres
    case .volumeTest: return Double(counts.predicted) * millilitres
    }
  }
}
