/// Full resolution, and a lower one before it where a patch sees too little of a case (`plan_experiment`).
struct ResolutionPyramid {
  let planner: StagePlanner3D
  let full: StageProblem

  /// - Parameters:
  ///   - targetSpacing: of full resolution, in mm, `[z, y, x]` of the image.
  ///   - medianShape: of the median case at that spacing, in voxels.
  ///   - forward: the transposed order of the axes.
  /// - Returns: from the lowest resolution on.
  func stages(
    targetSpacing: [Double], medianShape: [Double], forward: [Int]
  ) throws(PlanningError) -> [PlannedStage] {
    let fullStage = try planner.plan(full)
    var seen = Double(fullStage.patch.reduce(1, *))
    var voxels = medianShape.reduce(1, *)
    guard voxels / seen >= PlannerSettings.casesPerPatch else { return [fullStage] }

    var spacing = targetSpacing
    var low: PlannedStage?
    while voxels > PlannerSettings.casesPerPatch * seen {
      let coarsest = spacing.max() ?? 1
      let fine = (0..<3).filter { coarsest / spacing[$0] > 2 }
      for axis in fine.isEmpty ? [0, 1, 2] : fine { spacing[axis] *= 1.01 }
      voxels = (0..<3).map { targetSpacing[$0] / spacing[$0] * medianShape[$0] }.reduce(1, *)
      var problem = full
      problem.spacing = forward.map { spacing[$0] }
      let stage = try planner.plan(problem)
      seen = Double(stage.patch.reduce(1, *))
      low = stage
    }
    guard let low, 2 * low.medianExtent.reduce(1, *) < fullStage.medianExtent.reduce(1, *) else { return [fullStage] }
    return [low, fullStage]
  }
}
