/// The patch of a stage, with the pooling and the memory that go with it.
struct PatchChoice {
  var schedule: PoolingSchedule
  /// As `PoolingSchedule.memory` counts it.
  var memory: Int
  var reason: String

  /// - Parameters:
  ///   - asked: what the settings ask for along the network's axes; else `start` is made smaller until it fits.
  ///   - origin: what `start` is, for people.
  ///   - first: counts the memory of what it begins with, which in 2D isn't counted as the others.
  /// - Throws: `PlanningError.tooLittleMemory`.
  init(
    asked: [Int]?, start: [Int], origin: String, reduction: PatchReduction, first: (PoolingSchedule) -> Int
  ) throws(PlanningError) {
    let beginning = PoolingSchedule(spacing: reduction.spacing, patch: asked ?? start)
    guard asked == nil else {
      schedule = beginning
      memory = first(beginning)
      reason = "patch \(beginning.patch.voxels): as asked for, rounded up to multiples of \(beginning.divisor.voxels)"
      return
    }
    let result = try reduction.run(from: beginning, memory: first(beginning))
    schedule = result.schedule
    memory = result.memory
    reason =
      "patch \(result.schedule.patch.voxels): from \(origin), in \(result.steps) steps, each along the axis that is largest beside the "
      + "median case, until the network's memory of \(result.memory) fits into \(Int(reduction.limit))"
  }
}
