public import Kernels
public import Volumes

/// Resizes a label map by the rule of batchgenerators 0.25.4 and later (`resize_segmentation`, order 1).
///
/// Each label's 0/1 indicator is interpolated linearly and the largest wins, the lowest label on ties; but where the label of the
/// nearest input voxel attains the largest value exactly, it wins. Exact ties are common (every boundary of an integer factor), so
/// sums are formed in the order of SciPy's own and agree with it to the last bit.
public struct LabelResampler: Sendable {
  public let policy: ResamplingPolicy

  public init(policy: ResamplingPolicy) {
    self.policy = policy
  }

  /// The map resized to `target`; with a separate axis, slice by slice and then the nearest slice.
  ///
  /// - Throws: `PreprocessingError` for an axis without voxels.
  public func resize(_ labels: LabelVolume, to target: Extent, pool: ComputePool) throws -> LabelVolume {
    if labels.extent == target { return labels }
    var linear: [LabelTaps] = []
    var nearest: [LabelTaps] = []
    for axis in 0..<3 {
      let (n, m) = (labels.extent[axis], target[axis])
      nearest.append(LabelTaps(try AxisTaps.make(order: 0, from: n, to: m)))
      let order = policy == .separate(axis: axis) ? 0 : 1
      linear.append(LabelTaps(try AxisTaps.make(order: order, from: n, to: m)))
    }
    let result = LabelVolume(
      extent: target, storage: VoxelStorage(uninitialized: target.count))
    let rows = Rows(labels: labels, linear: linear, nearest: nearest)
    let output = result.elements.baseAddress!
    pool.forEach(target.z * target.y) { item, _ in
      rows.resize(z: item / target.y, y: item % target.y, into: output + item * target.x, count: target.x)
    }
    return result
  }
}

/// Two taps an output sample, whatever the order: a nearest tap is one with the weight 1 and one with the weight 0.
private struct LabelTaps {
  let indices: [(Int, Int)]
  let weights: [(Double, Double)]

  init(_ taps: AxisTaps) {
    indices = (0..<taps.outputCount).map { (taps.indices[$0 * taps.width], taps.indices[($0 + 1) * taps.width - 1]) }
    weights = (0..<taps.outputCount).map {
      taps.width == 1 ? (1, 0) : (taps.weights[$0 * taps.width], taps.weights[($0 + 1) * taps.width - 1])
    }
  }
}

private struct Rows {
  let labels: LabelVolume
  let linear: [LabelTaps]
  let nearest: [LabelTaps]

  /// One output row of `count` labels.
  func resize(z: Int, y: Int, into output: UnsafeMutablePointer<UInt8>, count: Int) {
    let base = UnsafePointer(labels.elements.baseAddress!)
    let extent = labels.extent
    func row(_ z: Int, _ y: Int) -> UnsafePointer<UInt8> { base + (z * extent.y + y) * extent.x }
    let (zs, ys) = (linear[0].indices[z], linear[1].indices[y])
    let rows = (row(zs.0, ys.0), row(zs.0, ys.1), row(zs.1, ys.0), row(zs.1, ys.1))
    let nearestRow = row(nearest[0].indices[z].0, nearest[1].indices[y].0)
    let (wz, wy) = (linear[0].weights[z], linear[1].weights[y])
    for x in 0..<count {
      let (a, b) = linear[2].indices[x]
      let taps = SIMD8(
        rows.0[a], rows.0[b], rows.1[a], rows.1[b], rows.2[a], rows.2[b], rows.3[a], rows.3[b])
      if taps == SIMD8(repeating: taps[0]) {
        output[x] = taps[0]
      } else {
        output[x] = vote(
          taps, wz: wz, wy: wy, wx: linear[2].weights[x], nearest: nearestRow[nearest[2].indices[x].0])
      }
    }
  }

  /// The winner among the labels of eight taps `[z, y, x]`.
  private func vote(
    _ taps: SIMD8<UInt8>, wz: (Double, Double), wy: (Double, Double), wx: (Double, Double), nearest: UInt8
  ) -> UInt8 {
    let zy = (wz.0 * wy.0, wz.0 * wy.1, wz.1 * wy.0, wz.1 * wy.1)
    let terms = SIMD8(
      zy.0 * wx.0, zy.0 * wx.1, zy.1 * wx.0, zy.1 * wx.1, zy.2 * wx.0, zy.2 * wx.1, zy.3 * wx.0, zy.3 * wx.1)
    func score(_ label: UInt8) -> Double {
      var sum = 0.0
      for tap in 0..<8 where taps[tap] == label { sum += terms[tap] }
      return min(sum, 1)  // the resize clips to the indicator's range
    }
    var winner: UInt8 = 0
    var best = -1.0
    for tap in 0..<8 {
      let label = taps[tap]
      let value = score(label)
      if value > best || (value == best && label < winner) { (winner, best) = (label, value) }
    }
    let atNearest = score(nearest)
    return atNearest == best && atNearest > 0 ? nearest : winner
  }
}
