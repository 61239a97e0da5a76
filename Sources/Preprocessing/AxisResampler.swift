internal import Kernels
internal import Volumes

/// Resizes one axis of a volume, many lines at a time.
///
/// A resize in three axes is three of these, one after another: prefilter and interpolation of one axis commute with those of
/// another. Lines are computed in float64; volumes between axes are float32, which costs at most about 3e-7 of the largest
/// magnitude and halves the memory. A line's values depend on that line only, so threads can't change them.
struct AxisResampler {
  let taps: AxisTaps
  /// The axis of the view that changes its length.
  let axis: Int
  /// Whether NaN is read as 0, as nnU-Net's 3D preprocessors do.
  let replacesNaN: Bool

  /// Lines that are computed side by side: enough to use whole cache lines of a strided volume, few enough to stay in cache.
  private static let lanes = 32

  /// The extent of the resized volume.
  func extent(of source: VolumeView) -> Extent {
    var extent = source.extent
    extent[axis] = taps.outputCount
    return extent
  }

  /// Writes the resized volume, `[z, y, x]` in the order of the view's axes, contiguous, which must not overlap the view.
  func run(_ source: VolumeView, into destination: UnsafeMutablePointer<Float>, pool: ComputePool) {
    let extent = extent(of: source)
    let outputStrides = [extent.y * extent.x, extent.x, 1]
    // Lanes run along x, except when x is the axis itself.
    let laneAxis = axis == 2 ? 1 : 2
    let outerAxis = 3 - axis - laneAxis
    let blocks = (extent[laneAxis] + Self.lanes - 1) / Self.lanes
    let padded = taps.inputCount + 2 * taps.padding
    let scratch = VoxelStorage<Double>(uninitialized: pool.threads * (padded + 1) * Self.lanes)

    pool.forEach(extent[outerAxis] * blocks) { item, worker in
      let (outer, block) = item.quotientAndRemainder(dividingBy: blocks)
      let firstLane = block * Self.lanes
      let lanes = min(Self.lanes, extent[laneAxis] - firstLane)
      let lines = scratch.elements.baseAddress! + worker * (padded + 1) * Self.lanes
      load(
        source.origin + outer * source.strides[outerAxis] + firstLane * source.strides[laneAxis],
        sampleStride: source.strides[axis], laneStride: source.strides[laneAxis], lanes: lanes, into: lines)
      if taps.order == 3 { CubicPrefilter.filter(lines, count: padded, lanes: lanes) }
      interpolate(
        lines, lanes: lanes, sums: lines + padded * lanes,
        into: destination + outer * outputStrides[outerAxis] + firstLane * outputStrides[laneAxis],
        sampleStride: outputStrides[axis], laneStride: outputStrides[laneAxis])
    }
  }

  /// Copies `lanes` lines into `lines`, `[sample, lane]`, with the edge samples repeated before and behind.
  private func load(
    _ source: UnsafePointer<Float>, sampleStride: Int, laneStride: Int, lanes: Int,
    into lines: UnsafeMutablePointer<Double>
  ) {
    let count = taps.inputCount
    let samples = lines + taps.padding * lanes
    // The inner loop walks along the source's contiguous axis, where there is one.
    if laneStride == 1 {
      for sample in 0..<count {
        let row = source + sample * sampleStride
        let line = samples + sample * lanes
        for lane in 0..<lanes { line[lane] = Double(row[lane]) }
      }
    } else {
      for lane in 0..<lanes {
        let line = source + lane * laneStride
        for sample in 0..<count { samples[sample * lanes + lane] = Double(line[sample * sampleStride]) }
      }
    }
    if replacesNaN {
      for index in 0..<count * lanes where samples[index].isNaN { samples[index] = 0 }
    }
    let last = samples + (count - 1) * lanes
    for pad in 0..<taps.padding {
      (lines + pad * lanes).update(from: samples, count: lanes)
      (last + (pad + 1) * lanes).update(from: last, count: lanes)
    }
  }

  /// Writes the weighted sums of the taps; `sums` is room for one value a lane.
  private func interpolate(
    _ lines: UnsafePointer<Double>, lanes: Int, sums: UnsafeMutablePointer<Double>,
    into output: UnsafeMutablePointer<Float>, sampleStride: Int, laneStride: Int
  ) {
    taps.indices.withUnsafeBufferPointer { indices in
      taps.weights.withUnsafeBufferPointer { weights in
        for sample in 0..<taps.outputCount {
          let tap = sample * taps.width
          switch taps.width {
          case 1:
            sums.update(from: lines + indices[tap] * lanes, count: lanes)
          case 2:
            let (a, b) = (lines + indices[tap] * lanes, lines + indices[tap + 1] * lanes)
            let (wa, wb) = (weights[tap], weights[tap + 1])
            for lane in 0..<lanes { sums[lane] = a[lane] * wa + b[lane] * wb }
          default:
            let (a, b) = (lines + indices[tap] * lanes, lines + indices[tap + 1] * lanes)
            let (c, d) = (lines + indices[tap + 2] * lanes, lines + indices[tap + 3] * lanes)
            let (wa, wb, wc, wd) = (weights[tap], weights[tap + 1], weights[tap + 2], weights[tap + 3])
            for lane in 0..<lanes { sums[lane] = a[lane] * wa + b[lane] * wb + c[lane] * wc + d[lane] * wd }
          }
          let row = output + sample * sampleStride
          if laneStride == 1 {
            for lane in 0..<lanes { row[lane] = Float(sums[lane]) }
          } else {
            for lane in 0..<lanes { row[lane * laneStride] = Float(sums[lane]) }
          }
        }
      }
    }
  }
}
