/// What a stage is planned for. Axes are in transposed order, three of them.
struct StageProblem {
  /// The stage's spacing in mm.
  var spacing: [Double]
  /// The spacing of full resolution in mm.
  var fullSpacing: [Double]
  /// The median case at full resolution: real numbers of voxels.
  var medianShape: [Double]
  var cases: Int
  var channels: Int
  /// With the background.
  var classes: Int

  /// The median case at the stage's spacing, in voxels.
  var medianExtent: [Int] {
    (0..<3).map { Int((fullSpacing[$0] / spacing[$0] * medianShape[$0]).rounded(.toNearestOrEven)) }
  }

  /// Batches that cover at most a twentieth of all cases' voxels.
  func largestBatch(patch: [Int]) -> Int {
    let voxels = Double(medianExtent.reduce(1, *) * cases)
    return Int(
      (PlannerSettings.largestShareOfDataset * voxels / Double(patch.reduce(1, *))).rounded(.toNearestOrEven))
  }
}

/// Makes a patch smaller until its network fits, along the axis that is the largest beside the median case.
struct PatchReduction {
  /// The spacings of the network's axes in mm.
  var spacing: [Double]
  /// The median case along the network's axes, in voxels.
  var medianExtent: [Int]
  /// The memory that a network takes.
  var memory: (PoolingSchedule) -> Int
  var limit: Double

  /// - Returns: what fits, its memory, and what was tried.
  /// - Throws: `PlanningError.tooLittleMemory` when nothing fits.
  func run(
    from start: PoolingSchedule, memory first: Int
  ) throws(PlanningError) -> (schedule: PoolingSchedule, memory: Int, tried: [[Int]]) {
    var schedule = start
    var taken = first
    var tried: [[Int]] = []
    while Double(taken) > limit {
      tried.append(schedule.patch)
      var axis = 0
      func share(_ axis: Int) -> Double { Double(schedule.patch[axis]) / Double(medianExtent[axis]) }
      for other in 1..<spacing.count where share(other) >= share(axis) { axis = other }
      var patch = schedule.patch
      patch[axis] -= schedule.divisor[axis]
      guard patch[axis] > 0 else { throw .tooLittleMemory }
      patch[axis] = schedule.patch[axis] - PoolingSchedule(spacing: spacing, patch: patch).divisor[axis]
      let next = PoolingSchedule(spacing: spacing, patch: patch)
      guard next.patch != schedule.patch else { throw .tooLittleMemory }
      schedule = next
      taken = memory(schedule)
    }
    return (schedule, taken, tried)
  }
}
