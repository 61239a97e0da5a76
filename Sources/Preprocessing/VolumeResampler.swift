public import Kernels
public import Volumes

/// Resizes an image channel as nnU-Net does (`nnunet/preprocessing/preprocessing.py: resample_data_or_seg`).
///
/// Agrees with `skimage.transform.resize` in float64 within about 1e-6 of the largest magnitude; it never smooths, also when it
/// shrinks, and clips to the range of its input (each slice's own range where slices are resized separately).
public struct VolumeResampler: Sendable {
  /// The spline's order in the plane or, if not separate, in all axes: 0, 1 or 3.
  public let order: Int
  /// The order along the separate axis: 0 takes the nearest slice; 1 and 3 interpolate, without clipping.
  public let orderZ: Int
  public let policy: ResamplingPolicy
  /// Whether NaN is read as 0.
  public let replacesNaN: Bool

  public init(order: Int, orderZ: Int = 0, policy: ResamplingPolicy, replacesNaN: Bool = false) {
    self.order = order
    self.orderZ = orderZ
    self.policy = policy
    self.replacesNaN = replacesNaN
  }

  /// The channel `[z, y, x]` at `elements`, resized to `target`.
  ///
  /// - Throws: `PreprocessingError` for an order other than 0, 1, 3 or an axis without voxels.
  public func resize(
    _ elements: UnsafeBufferPointer<Float>, extent: Extent, to target: Extent, pool: ComputePool
  ) throws -> VoxelStorage<Float> {
    guard let base = elements.baseAddress, elements.count == extent.count else {
      throw PreprocessingError(.emptyResult, "resampling needs \(extent.count) voxels, found \(elements.count)")
    }
    return try resize(VolumeView(base, extent: extent), to: target, pool: pool)
  }

  /// The view, resized; a plain copy where the extents are equal, without filter and without clipping.
  func resize(_ source: VolumeView, to target: Extent, pool: ComputePool) throws -> VoxelStorage<Float> {
    if source.extent == target {
      // A table of order 0 that changes nothing copies, permutes and replaces NaN.
      let taps = try AxisTaps.make(order: 0, from: target.y, to: target.y)
      return AxisResampler(taps: taps, axis: 1, replacesNaN: replacesNaN).run(source, pool: pool)
    }
    guard case .separate(let axis) = policy else {
      let axes = [0, 1, 2].filter { source.extent[$0] != target[$0] }
      let range = ValueRange.ofVolume(source, replacesNaN: replacesNaN, pool: pool)
      let result = try passes(source, axes: axes, to: target, pool: pool)
      let ranges = [ValueRange](repeating: range, count: target.z)
      ValueRange.clip(result.elements, extent: target, across: 0, to: ranges, pool: pool)
      return result
    }
    return try separate(source, axis: axis, to: target, pool: pool)
  }

  /// Slices across `axis` resized in their planes and clipped, then the axis itself.
  private func separate(_ source: VolumeView, axis: Int, to target: Extent, pool: ComputePool) throws
    -> VoxelStorage<Float>
  {
    let along = AxisResampler(
      taps: try AxisTaps.make(order: orderZ, from: source.extent[axis], to: target[axis]), axis: axis,
      replacesNaN: replacesNaN)
    let changesAxis = source.extent[axis] != target[axis]
    // Nearest slices that nobody takes need no resizing: shrinking picks first, growing picks last.
    if changesAxis, orderZ == 0, target[axis] < source.extent[axis] {
      var picked = source.extent
      picked[axis] = target[axis]
      let slices = along.run(source, pool: pool)
      return try withExtendedLifetime(slices) {
        try inPlane(VolumeView(slices.elements.baseAddress!, extent: picked), axis: axis, to: target, pool: pool)
      }
    }
    var planes = target
    planes[axis] = source.extent[axis]
    let resized = try inPlane(source, axis: axis, to: planes, pool: pool)
    guard changesAxis else { return resized }
    return withExtendedLifetime(resized) {
      along.run(VolumeView(resized.elements.baseAddress!, extent: planes), pool: pool)
    }
  }

  private func inPlane(_ source: VolumeView, axis: Int, to target: Extent, pool: ComputePool) throws
    -> VoxelStorage<Float>
  {
    let axes = [0, 1, 2].filter { $0 != axis && source.extent[$0] != target[$0] }
    let ranges = ValueRange.ofSlices(source, across: axis, replacesNaN: replacesNaN, pool: pool)
    let result = try passes(source, axes: axes, to: target, pool: pool)
    ValueRange.clip(result.elements, extent: target, across: axis, to: ranges, pool: pool)
    return result
  }

  /// One pass an axis. An axis of unchanged length is left out: its spline passes through its own samples.
  private func passes(_ source: VolumeView, axes: [Int], to target: Extent, pool: ComputePool) throws
    -> VoxelStorage<Float>
  {
    // Axes that shrink most come first, so that the passes between have the fewest voxels.
    let axes = axes.sorted {
      let left = Double(target[$0]) / Double(source.extent[$0])
      let right = Double(target[$1]) / Double(source.extent[$1])
      return left != right ? left < right : $0 > $1
    }
    guard let first = axes.first else {
      return try VolumeResampler(order: 0, policy: .isotropic, replacesNaN: replacesNaN)
        .resize(source, to: source.extent, pool: pool)
    }
    var extent = source.extent
    var result = try pass(source, axis: first, to: target[first], pool: pool)
    extent[first] = target[first]
    for axis in axes.dropFirst() {
      result = try withExtendedLifetime(result) {
        try pass(VolumeView(result.elements.baseAddress!, extent: extent), axis: axis, to: target[axis], pool: pool)
      }
      extent[axis] = target[axis]
    }
    return result
  }

  private func pass(_ source: VolumeView, axis: Int, to length: Int, pool: ComputePool) throws -> VoxelStorage<Float> {
    let taps = try AxisTaps.make(order: order, from: source.extent[axis], to: length)
    return AxisResampler(taps: taps, axis: axis, replacesNaN: replacesNaN).run(source, pool: pool)
  }
}
