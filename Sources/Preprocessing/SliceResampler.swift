internal import Kernels
internal import Volumes

/// Resizes the slices of a volume in their planes, a slice at a time: what lies between the two axes stays in the processor's cache.
struct SliceResampler {
  private let source: VolumeView
  /// Across which slices lie.
  private let axis: Int
  /// The slices' axes, the coarser stride of the source first, so that lines along it are read whole cache lines at a time.
  private let plane: (first: Int, second: Int)
  /// `nil` leaves the axis as it is: its spline passes through its own samples.
  private let resamplers: (first: AxisResampler?, second: AxisResampler?)
  private let replacesNaN: Bool
  /// The resized slices, `[z, y, x]` in the order of the view's axes.
  let extent: Extent
  /// Whether a slice's values are clipped to the range that it had.
  let clips: Bool

  /// - Throws: `PreprocessingError` for an impossible order or length.
  init(_ source: VolumeView, across axis: Int, to target: Extent, order: Int, replacesNaN: Bool, clips: Bool) throws {
    self.source = source
    self.axis = axis
    self.replacesNaN = replacesNaN
    self.clips = clips
    let axes = [0, 1, 2].filter { $0 != axis }.sorted { source.strides[$0] > source.strides[$1] }
    plane = (axes[0], axes[1])
    func resampler(_ axis: Int) throws -> AxisResampler? {
      if source.extent[axis] == target[axis] { return nil }
      return AxisResampler(
        taps: try AxisTaps.make(order: order, from: source.extent[axis], to: target[axis]), replacesNaN: replacesNaN)
    }
    resamplers = (try resampler(plane.first), try resampler(plane.second))
    var extent = target
    extent[axis] = source.extent[axis]
    self.extent = extent
  }

  /// Bytes that `run` needs for each thread.
  var scratchBytes: Int { lineCount * MemoryLayout<Double>.stride + betweenCount * MemoryLayout<Float>.stride }

  private var lineCount: Int { max(resamplers.first?.scratchCount ?? 0, resamplers.second?.scratchCount ?? 0) }
  /// The plane between two resized axes.
  private var betweenCount: Int {
    resamplers.first == nil || resamplers.second == nil ? 0 : extent[plane.first] * source.extent[plane.second]
  }

  /// Writes the resized slices into `destination`, contiguous, and returns the range of each slice as it was.
  func run(into destination: UnsafeMutablePointer<Float>, pool: ComputePool) -> [ValueRange] {
    let strides = [extent.y * extent.x, extent.x, 1]
    let lines = VoxelStorage<Double>(uninitialized: pool.threads * lineCount)
    let between = VoxelStorage<Float>(uninitialized: pool.threads * betweenCount)
    var ranges = [ValueRange](repeating: .nothing, count: source.extent[axis])
    ranges.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let ranges = buffer  // each item writes its own element
      pool.forEach(source.extent[axis]) { slice, worker in
        let range = range(of: slice)
        ranges[slice] = range
        let output = destination + slice * strides[axis]
        resize(
          source.origin + slice * source.strides[axis], into: output, strides: strides,
          between: between.elements.baseAddress.map { $0 + worker * betweenCount },
          scratch: lines.elements.baseAddress.map { $0 + worker * lineCount })
        if clips { range.clip(output, plane: plane, extent: extent, strides: strides) }
      }
    }
    return ranges
  }

  private func range(of slice: Int) -> ValueRange {
    var range = ValueRange.nothing
    for line in 0..<source.extent[plane.first] {
      range.extend(
        by: source.origin + slice * source.strides[axis] + line * source.strides[plane.first],
        count: source.extent[plane.second], stride: source.strides[plane.second], replacesNaN: replacesNaN)
    }
    return range
  }

  private func resize(
    _ slice: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, strides: [Int],
    between: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Double>?
  ) {
    let (first, second) = plane
    let along = StridedLines(slice, sampleStride: source.strides[first], laneStride: source.strides[second])
    let target = StridedLines(output, sampleStride: strides[first], laneStride: strides[second])
    switch resamplers {
    case (let one?, nil):
      one.run(along, count: source.extent[second], into: target, scratch: scratch!)
    case (nil, let two?):
      two.run(along.turned, count: source.extent[first], into: target.turned, scratch: scratch!)
    case (let one?, let two?):
      let rows = StridedLines(between!, sampleStride: source.extent[second], laneStride: 1)
      one.run(along, count: source.extent[second], into: rows, scratch: scratch!)
      let read = StridedLines(UnsafePointer(between!), sampleStride: rows.laneStride, laneStride: rows.sampleStride)
      two.run(read, count: extent[first], into: target.turned, scratch: scratch!)
    case (nil, nil):
      for line in 0..<extent[first] {
        for column in 0..<extent[second] {
          let value = along.origin[line * along.sampleStride + column * along.laneStride]
          output[line * target.sampleStride + column * target.laneStride] = replacesNaN && value.isNaN ? 0 : value
        }
      }
    }
  }
}

extension StridedLines {
  /// The same elements, seen as lines across these.
  fileprivate var turned: StridedLines { StridedLines(origin, sampleStride: laneStride, laneStride: sampleStride) }
}
