/// Where a U-Net pools, and with which kernels, for a spacing and a patch
/// (nnunet/experiment_planning/common_utils.py: get_pool_and_conv_props).
///
/// Coarse axes wait: an axis pools when its spacing is less than twice the finest one, and as long as 8 voxels of it are left.
/// Three axes `[z, y, x]` or two `[y, x]`, in transposed order.
public struct PoolingSchedule: Hashable, Sendable {
  /// How often each axis is halved.
  public var poolings: [Int]
  /// The stride of each step: 1 or 2 along each axis.
  public var poolKernels: [[Int]]
  /// The kernel of each level, 1 or 3 along each axis; one more than there are steps.
  public var convolutionKernels: [[Int]]
  /// The patch, rounded up to multiples of `divisor`.
  public var patch: [Int]
  /// `2` to the power of `poolings`.
  public var divisor: [Int]

  public init(spacing: [Double], patch: [Int]) {
    let axes = spacing.indices
    var spacing = spacing
    var size = patch
    var poolings = [Int](repeating: 0, count: axes.count)
    var poolKernels: [[Int]] = []
    var convolutionKernels: [[Int]] = []
    while true {
      let finest = spacing.min() ?? 1
      let pooled = axes.filter { spacing[$0] / finest < 2 && size[$0] >= 2 * PlannerSettings.shortestEdge }
      guard !pooled.isEmpty else { break }
      let wide = Self.largestGroup(of: spacing)
      convolutionKernels.append(axes.map { wide.contains($0) ? 3 : 1 })
      poolKernels.append(axes.map { pooled.contains($0) ? 2 : 1 })
      for axis in pooled {
        poolings[axis] += 1
        spacing[axis] *= 2
        size[axis] = (size[axis] + 1) / 2
      }
    }
    convolutionKernels.append(axes.map { _ in 3 })
    let divisor = poolings.map { 1 << $0 }
    self.poolings = poolings
    self.poolKernels = poolKernels
    self.convolutionKernels = convolutionKernels
    self.divisor = divisor
    self.patch = zip(patch, divisor).map { ($0 + $1 - 1) / $1 * $1 }
  }

  /// The most axes whose spacings are within a factor of two of one of them; the first such group where several are as large.
  private static func largestGroup(of spacing: [Double]) -> [Int] {
    var largest: [Int] = []
    for one in spacing {
      let group = spacing.indices.filter { spacing[$0] / one < 2 && one / spacing[$0] < 2 }
      if group.count > largest.count { largest = group }
    }
    return largest
  }

  /// What training of such a network takes, in nnU-Net's unit without a name: features of all levels, once for each convolution
  /// (nnunet/network_architecture/generic_UNet.py: compute_approx_vram_consumption).
  /// - Parameter classes: with the background.
  func memory(baseFeatures: Int, mostFeatures: Int, channels: Int, classes: Int) -> Int {
    var size = patch
    var features = baseFeatures
    let convolutions = PlannerSettings.convolutionsPerStage
    let voxels = size.reduce(1, *)
    var sum = ((2 * convolutions + 1) * features + channels + classes) * voxels
    for (step, kernel) in poolKernels.enumerated() {
      size = zip(size, kernel).map { $0 / $1 }
      features = min(2 * features, mostFeatures)
      let blocks = step < poolKernels.count - 1 ? 2 * convolutions + 1 : convolutions
      sum += blocks * size.reduce(1, *) * features
    }
    return sum
  }
}
