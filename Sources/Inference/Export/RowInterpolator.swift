internal import Kernels
internal import Volumes

/// Interpolates rows of the image's grid from planes of the network's, within the plane.
///
/// Float64 inside. Rows are blended before columns, which differs from the eight-term sum of scikit-image by less than 1e-15.
struct RowInterpolator: Sendable {
  private let rows: AxisInterpolation
  private let columns: AxisInterpolation
  private let lower: [Int32]
  private let upper: [Int32]

  init(rows: AxisInterpolation, columns: AxisInterpolation) {
    self.rows = rows
    self.columns = columns
    lower = columns.lower.map { Int32($0) }
    upper = columns.upper.map { Int32($0) }
  }

  /// Values of a plane of one class.
  var planeCount: Int { rows.inputCount * columns.inputCount }

  /// Values of scratch memory that `interpolate` needs.
  var scratchCount: Int { columns.inputCount + VolumeKernels.rowScratchPadding }

  /// Output row `row` of one plane of each class.
  /// - Parameters:
  ///   - plane: of the first class, `[row, column]`; the other classes' follow `classStride` values apart.
  ///   - output: `[class, column]`, rows `rowStride` values apart.
  func interpolate(
    row: Int, of plane: UnsafePointer<Float>, classes: Int, classStride: Int, scratch: UnsafeMutablePointer<Double>,
    into output: UnsafeMutablePointer<Double>, rowStride: Int
  ) {
    let width = columns.inputCount
    let weights = (lower: rows.lowerWeight[row], upper: rows.upperWeight[row])
    lower.withUnsafeBufferPointer { lower in
      upper.withUnsafeBufferPointer { upper in
        columns.lowerWeight.withUnsafeBufferPointer { lowerWeight in
          columns.upperWeight.withUnsafeBufferPointer { upperWeight in
            let taps = RowTaps(
              inputCount: width, outputCount: columns.count, lower: lower.baseAddress!, upper: upper.baseAddress!,
              lowerWeight: lowerWeight.baseAddress!, upperWeight: upperWeight.baseAddress!)
            for channel in 0..<classes {
              let input = plane + channel * classStride
              VolumeKernels.best.interpolateRow(
                taps, lower: input + rows.lower[row] * width, upper: input + rows.upper[row] * width, weights: weights,
                scratch: scratch, into: output + channel * rowStride)
            }
          }
        }
      }
    }
  }
}
