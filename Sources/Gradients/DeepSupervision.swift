public import ModelPlans

/// Which scales of the output are trained, and what each counts (nnU-Net's nnUNetTrainerV2.initialize, MultipleOutputLoss2).
public struct DeepSupervision: Hashable, Sendable {
  /// Of each scale, full resolution first; the sum is 1. Scale `d` is level `d` of the network.
  public let weights: [Double]
  /// Extents of the targets of each scale, `[z, y, x]`; z is 1 in 2D.
  public let extents: [[Int]]

  /// Halved from scale to scale; the coarsest of several outputs is left out.
  public init(_ description: NetworkDescription) {
    let scales = max(1, description.poolings - 1)
    let raw = (0..<scales).map { 1 / Double(1 << $0) }
    let sum = raw.reduce(0, +)
    weights = raw.map { $0 / sum }
    var extent = description.patch
    var extents: [[Int]] = []
    for scale in 0..<scales {
      extents.append(extent.count == 2 ? [1] + extent : extent)
      extent = zip(extent, description.strides[scale]).map { $0 / $1 }
    }
    self.extents = extents
  }
}
