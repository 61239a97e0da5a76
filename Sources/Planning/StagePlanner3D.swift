/// Plans a stage of a 3D network (nnunet/experiment_planning/experiment_planner_baseline_3DUNet_v21.py: get_properties_for_stage).
struct StagePlanner3D {
  private static let mostFeatures = 320
  /// `Generic_UNet.use_this_for_batch_size_computation_3D`, which stands for 30 features and a batch of 2.
  private static let reference = 520_000_000.0
  private static let referenceFeatures = 30.0
  private static let referenceBatch = 2.0

  let settings: PlannerSettings

  private var limit: Double {
    Self.reference * Double(settings.baseFeatures) / Self.referenceFeatures
      * (settings.memoryTarget / PlannerSettings.defaultMemoryTarget)
  }

  func plan(_ problem: StageProblem) throws(PlanningError) -> PlannedStage {
    let median = problem.medianExtent
    func memory(_ schedule: PoolingSchedule) -> Int {
      schedule.memory(
        baseFeatures: settings.baseFeatures, mostFeatures: Self.mostFeatures, channels: problem.channels,
        classes: problem.classes)
    }
    let start = zip(Self.cube(problem.spacing), median).map { min($0, $1) }
    let choice = try PatchChoice(
      asked: settings.patch, start: start,
      origin: "\(start.voxels), a cube of equal mm clipped to the median case \(median.voxels)",
      reduction: PatchReduction(spacing: problem.spacing, medianExtent: median, memory: memory, limit: limit),
      first: memory)
    let schedule = choice.schedule
    var reasons = [choice.reason]
    let fitting = Int((max(limit / Double(choice.memory), 1) * Self.referenceBatch).rounded(.down))
    let largest = max(problem.largestBatch(patch: schedule.patch), PlannerSettings.smallestBatch)
    let batch = max(1, min(fitting, largest))
    reasons.append(
      "batch \(batch): \(fitting) fit, and more than \(largest) would cover over 5 % of the \(problem.cases) cases' voxels"
    )
    reasons.append(schedule.reason(spacing: problem.spacing))
    let flatness = Double(schedule.patch.max() ?? 0) / Double(schedule.patch[0])
    let isFlat = flatness > PlannerSettings.anisotropyThreshold
    if isFlat { reasons.append("augmentation slice by slice: the patch is more than 3 times as wide as it is thick") }
    return PlannedStage(
      batchSize: batch, poolings: schedule.poolings, patch: schedule.patch, medianExtent: median,
      currentSpacing: problem.spacing, originalSpacing: problem.fullSpacing, augmentsSlices: isFlat,
      poolKernels: schedule.poolKernels, convolutionKernels: schedule.convolutionKernels, reasons: reasons)
  }

  /// A cube in mm whose shortest edge has 512 voxels.
  private static func cube(_ spacing: [Double]) -> [Int] {
    var edges = spacing.map { 1 / $0 }
    let mean = edges.reduce(0, +) / Double(edges.count)
    edges = edges.map { $0 / mean }
    let factor = 1 / (edges.min() ?? 1) * 512
    return edges.map { Int(($0 * factor).rounded(.toNearestOrEven)) }
  }
}
