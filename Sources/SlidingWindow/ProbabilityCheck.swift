public import Volumes

/// Whether numbers can be the class probabilities that a network gives: what a broken processor or memory makes of them often can't.
public enum ProbabilityCheck {
  /// Float32 sums of a few dozen classes, averaged over folds and mirrorings, stay far within it.
  private static let tolerance: Float = 1e-3
  /// Voxels whose sums are made together.
  private static let blockSize = 1024

  /// What is wrong, as the end of a sentence; `nil` when nothing is.
  /// - Parameters:
  ///   - probabilities: `[class, z, y, x]`.
  ///   - sumsToOne: whether each voxel's classes add up to 1 (softmax); regions (sigmoid) needn't.
  public static func problem(of probabilities: ChannelVolume, sumsToOne: Bool) -> String? {
    let voxels = probabilities.extent.count
    let range = -tolerance...(1 + tolerance)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: blockSize) { sums in
      for start in stride(from: 0, to: voxels, by: blockSize) {
        let count = min(blockSize, voxels - start)
        sums.initialize(repeating: 0)
        for channel in 0..<probabilities.channels {
          let values = probabilities.channel(channel)
          var isInside = true
          for index in 0..<count {
            let value = values[start + index]
            // NaN is in no range.
            isInside = isInside && range.contains(value)
            sums[index] += value
          }
          guard isInside else { return "a value of class \(channel) isn't between 0 and 1" }
        }
        guard sumsToOne else { continue }
        var isOne = true
        for index in 0..<count { isOne = isOne && abs(sums[index] - 1) <= tolerance }
        guard isOne else { return "the classes of a voxel don't add up to 1" }
      }
      return nil
    }
  }
}
