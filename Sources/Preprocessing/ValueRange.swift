internal import Kernels
internal import Volumes

/// The least and the largest value of a volume, or of one of its slices: cubic splines overshoot, and nnU-Net's resize clips to the
/// range of what it was given.
struct ValueRange: Sendable {
  var lower: Float
  var upper: Float

  /// Of no values.
  static let nothing = ValueRange(lower: .infinity, upper: -.infinity)

  /// Whether both ends are numbers that splines can handle: an infinite sample would spread over its whole line.
  var isFinite: Bool { lower.isFinite && upper.isFinite }

  func union(_ other: ValueRange) -> ValueRange {
    ValueRange(lower: min(lower, other.lower), upper: max(upper, other.upper))
  }

  /// Takes in values that lie `stride` floats apart; NaN counts as 0 if it is replaced, else it is passed over.
  mutating func extend(by values: UnsafePointer<Float>, count: Int, stride: Int, replacesNaN: Bool) {
    VolumeKernels.best.extend(
      lower: &lower, upper: &upper, by: values, count: count, stride: stride, replacesNaN: replacesNaN)
  }

  /// Clips all of a contiguous volume.
  func clip(_ elements: UnsafeMutableBufferPointer<Float>, pool: ComputePool) {
    let block = 1 << 16
    pool.forEach((elements.count + block - 1) / block) { item, _ in
      VolumeKernels.best.clip(
        elements.baseAddress! + item * block, count: min(block, elements.count - item * block), lower: lower,
        upper: upper)
    }
  }

  /// Clips the slice at `slice` of a contiguous volume, with the two axes `plane`.
  func clip(_ slice: UnsafeMutablePointer<Float>, plane: (first: Int, second: Int), extent: Extent, strides: [Int]) {
    // Rows go along the finer of the two strides.
    let (outer, inner) = strides[plane.first] > strides[plane.second] ? plane : (plane.second, plane.first)
    for line in 0..<extent[outer] {
      let row = slice + line * strides[outer]
      if strides[inner] == 1 {
        VolumeKernels.best.clip(row, count: extent[inner], lower: lower, upper: upper)
      } else {
        for index in 0..<extent[inner] { row[index * strides[inner]] = clip(row[index * strides[inner]]) }
      }
    }
  }

  @inline(__always)
  private func clip(_ value: Float) -> Float { value < lower ? lower : value > upper ? upper : value }
}
