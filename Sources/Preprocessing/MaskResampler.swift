internal import Kernels
internal import Volumes

/// Resizes the mask of the nonzero region, 1 inside, as the preprocessors resize their label map of 0 inside and -1 outside
/// (`nnunet/preprocessing/preprocessing.py: resample_data_or_seg` with `is_seg`).
struct MaskResampler {
  enum Method {
    /// Linear; the nearest slice along an axis that is resampled by itself.
    case linear
    /// Linear, also along an axis that is resampled by itself: there a voxel is outside where more than half of it is.
    case linearAlongSeparateAxis
    /// Cubic in all axes. Where inside and outside weigh the same, the nearest voxel decides.
    case cubic
  }

  let method: Method
  let policy: ResamplingPolicy

  /// - Throws: `PreprocessingError` for an axis without voxels.
  func resize(_ mask: LabelVolume, to target: Extent, pool: ComputePool) throws -> LabelVolume {
    if mask.extent == target { return mask }
    switch (method, policy) {
    case (.linearAlongSeparateAxis, .separate(let axis)) where mask.extent[axis] != target[axis]:
      var planes = target
      planes[axis] = mask.extent[axis]
      return try along(axis, LabelResampler(policy: policy).resize(mask, to: planes, pool: pool), to: target)
    case (.cubic, _): return try cubic(mask, to: target, pool: pool)
    default: return try LabelResampler(policy: policy).resize(mask, to: target, pool: pool)
    }
  }

  private func along(_ axis: Int, _ mask: LabelVolume, to target: Extent) throws -> LabelVolume {
    let taps = try AxisTaps.make(order: 1, from: mask.extent[axis], to: target[axis])
    let result = LabelVolume(extent: target)
    forEachVoxel(target) { place in
      var lower = place
      var upper = place
      lower[axis] = taps.indices[place[axis] * 2]
      upper[axis] = taps.indices[place[axis] * 2 + 1]
      var outside = mask[lower.z, lower.y, lower.x] == 0 ? taps.weights[place[axis] * 2] : 0
      outside += mask[upper.z, upper.y, upper.x] == 0 ? taps.weights[place[axis] * 2 + 1] : 0
      result[place.z, place.y, place.x] = outside > 0.5 ? 0 : 1
    }
    return result
  }

  private func cubic(_ mask: LabelVolume, to target: Extent, pool: ComputePool) throws -> LabelVolume {
    let indicator = VoxelStorage<Float>(uninitialized: mask.extent.count)
    for index in 0..<mask.extent.count { indicator.elements[index] = mask.elements[index] == 0 ? 0 : 1 }
    let inside = try VolumeResampler(order: 3, policy: .isotropic)
      .resize(UnsafeBufferPointer(indicator.elements), extent: mask.extent, to: target, pool: pool)
    let nearest = try (0..<3).map { try AxisTaps.make(order: 0, from: mask.extent[$0], to: target[$0]).indices }
    let result = LabelVolume(extent: target)
    var index = 0
    forEachVoxel(target) { place in
      let share = inside.elements[index]
      index += 1
      result[place.z, place.y, place.x] =
        share == 0.5
        ? mask[nearest[0][place.z], nearest[1][place.y], nearest[2][place.x]] : share > 0.5 ? 1 : 0
    }
    return result
  }

  private func forEachVoxel(_ extent: Extent, _ body: (Extent) -> Void) {
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x { body(Extent(z: z, y: y, x: x)) }
      }
    }
  }
}
