internal import Pickles

extension PlansStage {
  /// Reads an entry of `plans_per_stage`, and fills what old plans lack.
  /// - Parameter mayLeaveFirstSpacing: whether the plans' preprocessor keeps the image's spacing along the first axis.
  init(_ stage: PlansReader, mayLeaveFirstSpacing: Bool) throws(PlansError) {
    let patch = try stage.integers("patch_size", count: 2...3, in: PlansBounds.patchExtent)
    let axes = patch.count
    guard patch.reduce(1, *) <= PlansBounds.patchVoxels else {
      throw .invalid(entry: stage.name("patch_size"), expected: "a patch that fits in memory", found: "\(patch) voxels")
    }
    let isResidual = stage.optional("num_blocks_encoder") != nil
    var pools =
      stage.optional("pool_op_kernel_sizes") != nil
      ? try PlansStage.kernels(stage, "pool_op_kernel_sizes", count: PlansBounds.poolings, axes: axes, allowed: [1, 2])
      : try PlansStage.poolKernels(stage, axes: axes)
    if isResidual {
      // Residual plans have an entry for the first level too, which doesn't pool.
      let first = pools.removeFirst()
      guard first.allSatisfy({ $0 == 1 }), !pools.isEmpty else {
        throw .invalid(
          entry: stage.name("pool_op_kernel_sizes"),
          expected: "1 for the first level of a residual encoder, then more levels",
          found: "\(first)")
      }
    }
    let levels = pools.count + 1
    let kernels =
      stage.optional("conv_kernel_sizes") != nil
      ? try PlansStage.kernels(stage, "conv_kernel_sizes", count: levels...levels, axes: axes, allowed: [1, 3])
      : [[Int]](repeating: [Int](repeating: 3, count: axes), count: levels)

    for axis in 0..<axes {
      // At most 16 steps of at most 2: no overflow.
      let divisor = pools.reduce(1) { $0 * $1[axis] }
      guard patch[axis].isMultiple(of: divisor) else {
        throw .invalid(
          entry: stage.name("patch_size"), expected: "divisible by \(divisor) along axis \(axis), as the pooling needs",
          found: "\(patch)")
      }
    }
    self.init(
      patch: patch,
      currentSpacing: try stage.spacing("current_spacing", mayLeaveFirst: mayLeaveFirstSpacing),
      originalSpacing: stage.optional("original_spacing") == nil ? nil : try stage.spacing("original_spacing"),
      medianExtent: PlansStage.median(stage),
      poolKernels: pools,
      convolutionKernels: kernels,
      residual: isResidual ? try PlansStage.residual(stage, levels: levels) : nil)
  }

  private static func residual(_ stage: PlansReader, levels: Int) throws(PlansError) -> ResidualEncoder {
    ResidualEncoder(
      encoderBlocks: try stage.integers(
        "num_blocks_encoder", count: levels...levels, in: PlansBounds.convolutions),
      decoderBlocks: try stage.integers(
        "num_blocks_decoder", count: levels - 1...levels - 1, in: PlansBounds.convolutions))
  }

  private static func kernels(
    _ stage: PlansReader, _ key: String, count: ClosedRange<Int>, axes: Int, allowed: Set<Int>
  ) throws(PlansError) -> [[Int]] {
    let value = try stage.required(key)
    guard let rows = value.elements, count.contains(rows.count) else {
      throw .invalid(
        entry: stage.name(key), expected: "\(count.lowerBound) to \(count.upperBound) lists",
        found: PlansReader.describe(value))
    }
    var kernels: [[Int]] = []
    for (index, row) in rows.enumerated() {
      let entry = "\(stage.name(key))[\(index)]"
      let kernel = try PlansReader.integers(row, count: axes...axes, in: 1...3, entry)
      guard kernel.allSatisfy(allowed.contains) else {
        throw .invalid(entry: entry, expected: "made of \(allowed.sorted())", found: "\(kernel)")
      }
      kernels.append(kernel)
    }
    return kernels
  }

  /// Plans from before `pool_op_kernel_sizes`: every axis pools in its last steps.
  private static func poolKernels(_ stage: PlansReader, axes: Int) throws(PlansError) -> [[Int]] {
    let counts = try stage.integers(
      "num_pool_per_axis", count: axes...axes, in: 0...PlansBounds.poolings.upperBound)
    let poolings = counts.max() ?? 0
    guard PlansBounds.poolings.contains(poolings) else {
      throw .invalid(entry: stage.name("num_pool_per_axis"), expected: "at least one pooling step", found: "\(counts)")
    }
    return (0..<poolings).map { step in counts.map { poolings - $0 <= step ? 2 : 1 } }
  }

  /// Only for estimates, so that a strange one doesn't matter. Stored as integers or, by some planners, as floats.
  private static func median(_ stage: PlansReader) -> [Int]? {
    guard let numbers = stage.optional("median_patient_size_in_voxels")?.elements?.compactMap(\.number),
      numbers.count == 3, numbers.allSatisfy({ (1...1e6).contains($0) })
    else { return nil }
    return numbers.map { Int($0.rounded(.toNearestOrEven)) }
  }
}
