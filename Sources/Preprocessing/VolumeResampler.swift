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
      return _ = try slices(source, across: 0, to: target, clips: false).run(into: result.baseAddress!, pool: pool)
    }
    switch policy {
    case .isotropic: try whole(source, to: target, into: result, pool: pool)
    case .separate(let axis): try separate(source, axis: axis, to: target, into: result, pool: pool)
    }
  }

  /// Slice after slice in two axes, then the third: only slices that are resized already are in memory a second time.
  private func whole(
    _ source: VolumeView, to target: Extent, into result: UnsafeMutableBufferPointer<Float>, pool: ComputePool
  ) throws {
    // Slices across the coarsest stride are contiguous where the view is.
    let axis = (0..<3).max { source.strides[$0] < source.strides[$1] }!
    let slices = try slices(source, across: axis, to: target, clips: false)
    let range: ValueRange
    if source.extent[axis] == target[axis] {
      range = slices.run(into: result.baseAddress!, pool: pool).reduce(.nothing) { $0.union($1) }
      try checkFinite([range])
    } else {
      let between = VoxelStorage<Float>(uninitialized: slices.extent.count)
      range = slices.run(into: between.elements.baseAddress!, pool: pool).reduce(.nothing) { $0.union($1) }
      try checkFinite([range])
      try across(
        VolumeView(between.elements.baseAddress!, extent: slices.extent), axis: axis, to: target[axis], order: order
      ).run(into: result.baseAddress!, pool: pool)
      withExtendedLifetime(between) {}
    }
    range.clip(result, pool: pool)
  }

  /// Slices across `axis` resized in their planes and clipped, then the axis itself.
  private func separate(
    _ source: VolumeView, axis: Int, to target: Extent, into result: UnsafeMutableBufferPointer<Float>,
    pool: ComputePool
  ) throws {
    guard source.extent[axis] != target[axis] else {
      return try inPlane(source, axis: axis, to: target, into: result, pool: pool)
    }
    // Nearest slices that nobody takes need no resizing: shrinking picks first, growing picks last.
    if orderZ == 0, target[axis] < source.extent[axis] {
      let picking = try across(source, axis: axis, to: target[axis], order: orderZ)
      let picked = VoxelStorage<Float>(uninitialized: picking.extent.count)
      picking.run(into: picked.elements.baseAddress!, pool: pool)
      try withExtendedLifetime(picked) {
        try inPlane(
          VolumeView(picked.elements.baseAddress!, extent: picking.extent), axis: axis, to: target, into: result,
          pool: pool)
      }
    } else {
      var planes = target
      planes[axis] = source.extent[axis]
      let resized = VoxelStorage<Float>(uninitialized: planes.count)
      try inPlane(source, axis: axis, to: planes, into: resized.elements, pool: pool)
      try withExtendedLifetime(resized) {
        try across(
          VolumeView(resized.elements.baseAddress!, extent: planes), axis: axis, to: target[axis], order: orderZ
        ).run(into: result.baseAddress!, pool: pool)
      }
    }
  }

  private func inPlane(
    _ source: VolumeView, axis: Int, to target: Extent, into result: UnsafeMutableBufferPointer<Float>,
    pool: ComputePool
  ) throws {
    let ranges = try slices(source, across: axis, to: target, clips: true).run(into: result.baseAddress!, pool: pool)
    try checkFinite(ranges)
  }

  private func slices(_ source: VolumeView, across axis: Int, to target: Extent, clips: Bool) throws -> SliceResampler {
    try SliceResampler(source, across: axis, to: target, order: order, replacesNaN: replacesNaN, clips: clips)
  }

  private func across(_ source: VolumeView, axis: Int, to length: Int, order: Int) throws -> AcrossResampler {
    AcrossResampler(
      source, axis: axis,
      resampler: AxisResampler(
        taps: try AxisTaps.make(order: order, from: source.extent[axis], to: length), replacesNaN: replacesNaN))
  }

  private func checkFinite(_ ranges: [ValueRange]) throws {
    guard ranges.allSatisfy(\.isFinite) else {
      throw PreprocessingError(
        .notFinite, "resampling needs finite intensities, found infinite or missing ones; correct the image")
    }
  }
}
