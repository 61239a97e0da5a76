/// Makes a patch smaller until its network fits, along the axis that is the largest beside the median case.
struct PatchReduction {
  /// The spacings of the network's axes in mm.
  var spacing: [Double]
  /// The median case along the network's axes, in voxels.
  var medianExtent: [Int]
  /// The memory that a network takes.
  var memory: (PoolingSchedule) -> Int
  var limit: Double

  /// - Returns: what fits, its memory, and in how many steps.
  /// - Throws: `PlanningError.tooLittleMemory` when nothing fits.
  func run(
    from start: PoolingSchedule, memory first: Int
  ) throws(PlanningError) -> (schedule: PoolingSchedule, memory: Int, steps: Int) {
    var schedule = start
    var taken = first
    var steps = 0
    while Double(taken) > limit {
      steps += 1
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
    return (schedule, taken, steps)
  }
}
