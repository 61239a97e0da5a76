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
  /// - Throws: `PreprocessingError` for an order other than 0, 1, 3, an axis without voxels, or infinite values.
  public func resize(
    _ elements: UnsafeBufferPointer<Float>, extent: Extent, to target: Extent, pool: ComputePool
  ) throws -> VoxelStorage<Float> {
    guard let base = elements.baseAddress, elements.count == extent.count else {
      throw PreprocessingError(.emptyResult, "resampling needs \(extent.count) voxels, found \(elements.count)")
    }
    guard target.lengths.allSatisfy({ $0 > 0 }) else {
      throw PreprocessingError(.emptyResult, "resampling to \(target) voxels is impossible; no axis may be empty")
    }
    let result = VoxelStorage<Float>(uninitialized: target.count)
    try resize(VolumeView(base, extent: extent), to: target, into: result.elements, pool: pool)
    return result
  }

  /// Resizes the view into `result`, or copies it where the extents are equal, without filter and without clipping.
  func resize(
    _ source: VolumeView, to target: Extent, into result: UnsafeMutableBufferPointer<Float>, pool: ComputePool
  ) throws {
    if source.extent == target {
      return try copy(source, into: result, pool: pool)
    }
    guard case .separate(let axis) = policy else {
      let range = ValueRange.ofVolume(source, replacesNaN: replacesNaN, pool: pool)
      try checkFinite([range])
      try passes(source, axes: [0, 1, 2], to: target, into: result, pool: pool)
      let ranges = [ValueRange](repeating: range, count: target.z)
      ValueRange.clip(result, extent: target, across: 0, to: ranges, pool: pool)
      return
    }
    try separate(source, axis: axis, to: target, into: result, pool: pool)
  }

  private func checkFinite(_ ranges: [ValueRange]) throws {
    guard ranges.allSatisfy(\.isFinite) else {
      throw PreprocessingError(
        .notFinite, "resampling needs finite intensities, found infinite or missing ones; correct the image")
    }
  }

  /// A table of order 0 that changes no length copies, permutes and replaces NaN.
  private func copy(_ source: VolumeView, into result: UnsafeMutableBufferPointer<Float>, pool: ComputePool) throws {
    let taps = try AxisTaps.make(order: 0, from: source.extent.y, to: source.extent.y)
    AxisResampler(taps: taps, axis: 1, replacesNaN: replacesNaN).run(source, into: result.baseAddress!, pool: pool)
  }

  /// Slices across `axis` resized in their planes and clipped, then the axis itself.
  private func separate(
    _ source: VolumeView, axis: Int, to target: Extent, into result: UnsafeMutableBufferPointer<Float>,
    pool: ComputePool
  ) throws {
    guard source.extent[axis] != target[axis] else {
      return try inPlane(source, axis: axis, to: target, into: result, pool: pool)
    }
    let along = AxisResampler(
      taps: try AxisTaps.make(order: orderZ, from: source.extent[axis], to: target[axis]), axis: axis,
      replacesNaN: replacesNaN)
    // Nearest slices that nobody takes need no resizing: shrinking picks first, growing picks last.
    if orderZ == 0, target[axis] < source.extent[axis] {
      let picked = along.extent(of: source)
      let slices = VoxelStorage<Float>(uninitialized: picked.count)
      let elements = slices.elements.baseAddress!
      along.run(source, into: elements, pool: pool)
      try withExtendedLifetime(slices) {
        try inPlane(VolumeView(elements, extent: picked), axis: axis, to: target, into: result, pool: pool)
      }
    } else {
      var planes = target
      planes[axis] = source.extent[axis]
      let resized = VoxelStorage<Float>(uninitialized: planes.count)
      try inPlane(source, axis: axis, to: planes, into: resized.elements, pool: pool)
      withExtendedLifetime(resized) {
        along.run(
          VolumeView(resized.elements.baseAddress!, extent: planes), into: result.baseAddress!, pool: pool)
      }
    }
  }

  private func inPlane(
    _ source: VolumeView, axis: Int, to target: Extent, into result: UnsafeMutableBufferPointer<Float>,
    pool: ComputePool
  ) throws {
    let ranges = ValueRange.ofSlices(source, across: axis, replacesNaN: replacesNaN, pool: pool)
    try checkFinite(ranges)
    try passes(source, axes: [0, 1, 2].filter { $0 != axis }, to: target, into: result, pool: pool)
    ValueRange.clip(result, extent: target, across: axis, to: ranges, pool: pool)
  }

  /// One pass an axis. An axis of unchanged length is left out: its spline passes through its own samples.
  private func passes(
    _ source: VolumeView, axes: [Int], to target: Extent, into result: UnsafeMutableBufferPointer<Float>,
    pool: ComputePool
  ) throws {
    // Axes that shrink most come first, so that the passes between have the fewest voxels.
    let axes = axes.filter { source.extent[$0] != target[$0] }.sorted {
      let left = Double(target[$0]) / Double(source.extent[$0])
      let right = Double(target[$1]) / Double(source.extent[$1])
      return left != right ? left < right : $0 > $1
    }
    guard let last = axes.last else { return try copy(source, into: result, pool: pool) }
    var view = source
    var between: VoxelStorage<Float>?
    for axis in axes.dropLast() {
      let resampler = try resampler(view, axis: axis, to: target)
      let extent = resampler.extent(of: view)
      let next = VoxelStorage<Float>(uninitialized: extent.count)
      // Until here lives the memory that the view looks at.
      withExtendedLifetime(between) { resampler.run(view, into: next.elements.baseAddress!, pool: pool) }
      between = next
      view = VolumeView(next.elements.baseAddress!, extent: extent)
    }
    try withExtendedLifetime(between) {
      try resampler(view, axis: last, to: target).run(view, into: result.baseAddress!, pool: pool)
    }
  }

  private func resampler(_ view: VolumeView, axis: Int, to target: Extent) throws -> AxisResampler {
    let taps = try AxisTaps.make(order: order, from: view.extent[axis], to: target[axis])
    return AxisResampler(taps: taps, axis: axis, replacesNaN: replacesNaN)
  }
}
