internal import Kernels
internal import Volumes

/// Resizes one axis of a volume: the one across its slices, once those are resized.
struct AcrossResampler {
  private let source: VolumeView
  private let axis: Int
  private let resampler: AxisResampler
  /// The resized volume, `[z, y, x]` in the order of the view's axes.
  let extent: Extent

  init(_ source: VolumeView, axis: Int, resampler: AxisResampler) {
    self.source = source
    self.axis = axis
    self.resampler = resampler
    var extent = source.extent
    extent[axis] = resampler.taps.outputCount
    self.extent = extent
  }

  /// Writes the resized volume into `destination`, contiguous, which must not overlap the view.
  func run(into destination: UnsafeMutablePointer<Float>, pool: ComputePool) {
    let strides = [extent.y * extent.x, extent.x, 1]
    // Lines lie side by side along x, except when x is the axis itself.
    let laneAxis = axis == 2 ? 1 : 2
    let outerAxis = 3 - axis - laneAxis
    let scratch = VoxelStorage<Double>(uninitialized: pool.threads * resampler.scratchCount)
    pool.forEach(extent[outerAxis]) { outer, worker in
      resampler.run(
        StridedLines(
          source.origin + outer * source.strides[outerAxis], sampleStride: source.strides[axis],
          laneStride: source.strides[laneAxis]),
        count: extent[laneAxis],
        into: StridedLines(
          destination + outer * strides[outerAxis], sampleStride: strides[axis], laneStride: strides[laneAxis]),
        scratch: scratch.elements.baseAddress! + worker * resampler.scratchCount)
    }
  }
}
