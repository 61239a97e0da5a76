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
    var reasons: [String] = []
    func memory(_ schedule: PoolingSchedule, features: Int) -> Int {
      schedule.memory(
        baseFeatures: features, mostFeatures: Self.mostFeatures, channels: problem.channels, classes: problem.classes)
    }
    let start = settings.patch.map { Array($0.suffix(2)) } ?? Array(median[1...])
    var schedule = PoolingSchedule(spacing: spacing, patch: start)
    var taken = memory(schedule, features: Self.estimatedFeatures)
    if settings.patch != nil {
      reasons.append(
        "patch \(schedule.patch.voxels): as asked for, rounded up to multiples of \(schedule.divisor.voxels)")
    } else {
      let reduction = PatchReduction(
        spacing: spacing, medianExtent: Array(median[1...]),
        memory: { memory($0, features: settings.baseFeatures) }, limit: limit)
      let result = try reduction.run(from: schedule, memory: taken)
      reasons.append(
        "patch \(result.schedule.patch.voxels): from the median slice \(median[1...].map { $0 }.voxels), in \(result.tried.count) steps, "
          + "until the network's memory of \(result.memory) fits into \(Int(limit))")
      (schedule, taken) = (result.schedule, result.memory)
    }
    let fitting = Int((limit / Double(taken)).rounded(.down)) * 2
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
