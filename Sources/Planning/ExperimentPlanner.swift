/// Decides on spacing, patch, depth and batch for a dataset, as nnU-Net's planners 3D v2.1 and 2D v2.1 do
/// (nnunet/experiment_planning/experiment_planner_baseline_3DUNet_v21.py, …_2DUNet_v21.py and their base classes).
public struct ExperimentPlanner: Sendable {
  public let settings: PlannerSettings

  public init(settings: PlannerSettings = PlannerSettings()) {
    self.settings = settings
  }

  /// - Throws: `PlanningError`.
  public func plan(
    _ fingerprint: DatasetFingerprint, dimensions: ExperimentPlan.Dimensions
  ) throws(PlanningError) -> ExperimentPlan {
    guard !fingerprint.cases.isEmpty else { throw .noCases }
    let spacing = TargetSpacing(fingerprint, mayRefineCoarseAxis: dimensions == .three)
    let shapes = fingerprint.cases.map { one in
      (0..<3).map { one.spacing[$0] / spacing.target[$0] * Double(one.extent[$0]) }
    }
    let medianShape = Quantile.along(shapes, Quantile.median(ofSorted:))
    let coarsest = spacing.target.firstIndex(of: spacing.target.max() ?? 0) ?? 0
    let forward = [coarsest] + (0..<3).filter { $0 != coarsest }
    let target = forward.map { spacing.target[$0] }
    let full = StageProblem(
      spacing: target, fullSpacing: target, medianShape: forward.map { medianShape[$0] },
      cases: fingerprint.cases.count, channels: fingerprint.modalities.count, classes: fingerprint.classes.count + 1)

    var reasons = [spacing.reason]
    if coarsest != 0 { reasons.append("axes are reordered so that the coarsest one comes first: \(forward)") }
    let stages: [PlannedStage]
    switch dimensions {
    case .two: stages = [try StagePlanner2D(settings: settings).plan(full)]
    case .three:
      let pyramid = ResolutionPyramid(planner: StagePlanner3D(settings: settings), full: full)
      stages = try pyramid.stages(targetSpacing: spacing.target, medianShape: medianShape, forward: forward)
      reasons.append(
        stages.count == 2
          ? "two stages: a patch of full resolution sees less than a quarter of the median case"
          : "one stage: a patch of full resolution sees a quarter of the median case, or a lower resolution would save less than half of it"
      )
    }
    if let last = stages.last, last.poolKernels.isEmpty { throw .tooSmall(extent: last.medianExtent) }
    let normalization = NormalizationChoice(fingerprint)
    return ExperimentPlan(
      dimensions: dimensions, fingerprint: fingerprint, baseFeatures: settings.baseFeatures,
      normalizationSchemes: normalization.schemes, usesMask: normalization.usesMask, targetSpacing: spacing.target,
      transposeForward: forward, transposeBackward: (0..<3).map { forward.firstIndex(of: $0) ?? 0 }, stages: stages,
      reasons: reasons + normalization.reasons)
  }
}
