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
