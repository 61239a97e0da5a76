internal import CKernels

/// A grid of points in a volume: `((index - middle) * matrix) * scale + centre`, the index a row vector `[z, y, x]`.
public struct GridPlacement: Sendable {
  var placement = tessera_placement()

  /// - Parameters:
  ///   - matrix: `[from axis][to axis]`: 3 x 3, or 2 x 2 for slices that stay what they are, their y and x moved.
  ///   - middle: of the grid, in its indices, `[z, y, x]`.
  ///   - centre: of the volume, in its indices, `[z, y, x]`.
  public init(matrix: [[Double]], scale: Double, middle: [Double], centre: [Double]) {
    precondition(matrix.count == 2 || matrix.count == 3, "a grid moves in two or three axes")
    placement.axes = Int32(matrix.count)
    placement.scale = scale
    let first = 3 - matrix.count
    withUnsafeMutableBytes(of: &placement.matrix) { raw in
      let entries = raw.assumingMemoryBound(to: Double.self)
      for (from, row) in matrix.enumerated() {
        for (to, entry) in row.enumerated() { entries[3 * (from + first) + to + first] = entry }
      }
    }
    placement.middle = (middle[0], middle[1], middle[2])
    placement.centre = (centre[0], centre[1], centre[2])
  }
}

/// Cubic B-splines and labels at any place of a volume (sampling_kernels.h). All instruction sets give the same bits.
public enum GridSampling {
  /// In place: lines become B-spline coefficients, mirrored at their end samples.
  /// - Parameter scratch: `count * VolumeKernels.lineLanes` values, aligned to 64 bytes.
  public static func filterMirrored(
    _ lines: StridedLines<UnsafeMutablePointer<Float>>, samples count: Int, lines lineCount: Int,
    scratch: UnsafeMutablePointer<Double>
  ) {
    for first in stride(from: 0, to: lineCount, by: VolumeKernels.lineLanes) {
      tessera_filter_mirrored(
        lines.origin + first * lines.laneStride, count, lines.sampleStride,
        min(VolumeKernels.lineLanes, lineCount - first),
        lines.laneStride, scratch)
    }
  }

  /// Values at the grid's row `[z, y, 0..<count]`, 0 outside the volume.
  /// - Parameters:
  ///   - coefficients: of the volume's first voxel; one more plane (in three axes), row and value lie before it and two behind the last,
  ///     mirrored at the ends.
  ///   - extent: the volume's, `[z, y, x]`.
  ///   - strides: of the coefficients, from plane to plane and from row to row.
  public static func cubic(
    _ placement: GridPlacement, _ coefficients: UnsafePointer<Float>, extent: [Int], strides: (plane: Int, row: Int),
    z: Int, y: Int, count: Int, into values: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: placement.placement) {
      tessera_sample_cubic($0, coefficients, extent, [strides.plane, strides.row], z, y, count, values)
    }
  }

  /// Labels at the grid's row `[z, y, 0..<count]` by linear interpolation of each label's indicator, `outside` beyond the volume.
  public static func labels(
    _ placement: GridPlacement, _ labels: UnsafePointer<UInt8>, extent: [Int], outside: UInt8, z: Int, y: Int,
    count: Int, into result: UnsafeMutablePointer<UInt8>
  ) {
    withUnsafePointer(to: placement.placement) {
      tessera_sample_labels($0, labels, extent, outside, z, y, count, result)
    }
  }
}
