public import RandomStreams

extension RandomStream {
  /// What a sample's numbers are for: drawing parameters doesn't depend on how many voxels get noise.
  public enum Purpose: UInt32, Sendable {
    case parameters = 0
    case noise = 1
  }

  /// The numbers of one sample of one batch.
  ///
  /// The name: place in the batch and purpose, iteration, epoch and phase.
  public init(seed: UInt64, index: BatchIndex, item: Int, purpose: Purpose) {
    self.init(
      seed: seed,
      name: SIMD3(
        UInt32(truncatingIfNeeded: item) << 1 | purpose.rawValue, UInt32(truncatingIfNeeded: index.iteration),
        UInt32(truncatingIfNeeded: index.epoch) << 1 | (index.phase == .training ? 0 : 1)))
  }
}
