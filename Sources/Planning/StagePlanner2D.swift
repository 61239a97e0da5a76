/// Plans the stage of a 2D network, which sees slices across the first transposed axis
/// (nnunet/experiment_planning/experiment_planner_baseline_2DUNet_v21.py: get_properties_for_stage).
struct StagePlanner2D {
  private static let mostFeatures = 512
  /// `use_this_for_batch_size_computation_2D * DEFAULT_BATCH_SIZE_2D / 2`.
  private static let reference = 19_739_648.0 * 50 / 2
  /// nnU-Net first estimates with 30 features, whatever the plans have.
  private static let estimatedFeatures = 30

  let settings: PlannerSettings

  private var limit: Double { Self.reference * (settings.memoryTarget / PlannerSettings.defaultMemoryTarget) }

  func plan(_ problem: StageProblem) throws(PlanningError) -> PlannedStage {
    let median = problem.medianExtent
    let spacing = Array(problem.spacing[1...])
    func memory(_ schedule: PoolingSchedule, features: Int) -> Int {
      schedule.memory(
        baseFeatures: features, mostFeatures: Self.mostFeatures, channels: problem.channels, classes: problem.classes)
    }
    let slice = Array(median[1...])
    let choice = try PatchChoice(
      asked: settings.patch.map { Array($0.suffix(2)) }, start: slice, origin: "the median slice \(slice.voxels)",
      reduction: PatchReduction(
        spacing: spacing, medianExtent: slice, memory: { memory($0, features: settings.baseFeatures) }, limit: limit),
      first: { memory($0, features: Self.estimatedFeatures) })
    let schedule = choice.schedule
    var reasons = [choice.reason]
    let fitting = Int((limit / Double(choice.memory)).rounded(.down)) * 2
    guard fitting >= PlannerSettings.smallestBatch else { throw .tooLittleMemory }
    let largest = problem.largestBatch(patch: schedule.patch)
    let batch = max(1, min(fitting, largest))
    reasons.append(
      "batch \(batch): \(fitting) fit, and more than \(largest) would cover over 5 % of the \(problem.cases) cases' voxels"
    )
    reasons.append(schedule.reason(spacing: spacing))
    return PlannedStage(
      batchSize: batch, poolings: schedule.poolings, patch: schedule.patch, medianExtent: median,
      currentSpacing: problem.spacing, originalSpacing: problem.fullSpacing, augmentsSlices: false,
      poolKernels: schedule.poolKernels, convolutionKernels: schedule.convolutionKernels, reasons: reasons)
  }
}
