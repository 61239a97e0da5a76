internal import Kernels
internal import Volumes

/// The least and the largest value of a volume, or of each of its slices: cubic splines overshoot, and nnU-Net's resize clips to the
/// range of what it was given.
struct ValueRange: Sendable {
  var lower: Float
  var upper: Float

  private static let nothing = ValueRange(lower: .infinity, upper: -.infinity)

  /// The range of each slice across `axis`; NaN counts as 0 if it is replaced, else it is passed over.
  static func ofSlices(_ view: VolumeView, across axis: Int, replacesNaN: Bool, pool: ComputePool) -> [ValueRange] {
    var ranges = [ValueRange](repeating: nothing, count: view.extent[axis])
    // The inner loop takes the finer stride of the two axes in the slice's plane.
    let plane = [0, 1, 2].filter { $0 != axis }.sorted { view.strides[$0] > view.strides[$1] }
    ranges.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let ranges = buffer  // each item writes its own element
      pool.forEach(view.extent[axis]) { slice, _ in
        var range = nothing
        for row in 0..<view.extent[plane[0]] {
          let line = view.origin + slice * view.strides[axis] + row * view.strides[plane[0]]
          let step = view.strides[plane[1]]
          for index in 0..<view.extent[plane[1]] {
            let value = line[index * step]
            if value < range.lower { range.lower = value }
            if value > range.upper { range.upper = value }
            if replacesNaN, value.isNaN { range = range.union(ValueRange(lower: 0, upper: 0)) }
          }
        }
        ranges[slice] = range
      }
    }
    return ranges
  }

  func union(_ other: ValueRange) -> ValueRange {
    ValueRange(lower: min(lower, other.lower), upper: max(upper, other.upper))
  }

  /// Whether both ends are numbers that splines can handle: an infinite sample would spread over its whole line.
  var isFinite: Bool { lower.isFinite && upper.isFinite }

  /// The range of the whole volume.
  static func ofVolume(_ view: VolumeView, replacesNaN: Bool, pool: ComputePool) -> ValueRange {
    // Slices across the coarsest stride are contiguous where the view is.
    let axis = (0..<3).max { view.strides[$0] < view.strides[$1] }!
    return ofSlices(view, across: axis, replacesNaN: replacesNaN, pool: pool).reduce(nothing) { $0.union($1) }
  }

  /// Clips the contiguous volume `[z, y, x]`: slice `i` across `axis` to `ranges[i]`.
  static func clip(
    _ elements: UnsafeMutableBufferPointer<Float>, extent: Extent, across axis: Int, to ranges: [ValueRange],
    pool: ComputePool
  ) {
    let base = elements.baseAddress!
    pool.forEach(extent.z * extent.y) { item, _ in
      let row = base + item * extent.x
      if axis == 2 {
        for x in 0..<extent.x { row[x] = ranges[x].clip(row[x]) }
      } else {
        let range = ranges[axis == 0 ? item / extent.y : item % extent.y]
        for x in 0..<extent.x { row[x] = range.clip(row[x]) }
      }
    }
  }

  @inline(__always)
  private func clip(_ value: Float) -> Float { value < lower ? lower : value > upper ? upper : value }
}
