/// Where each output sample of one axis takes its value from: input samples and their weights.
///
/// The table of `skimage.transform.resize(mode: "edge", anti_aliasing: false)`, which ends in SciPy's `zoom(grid_mode)`:
/// half-voxel centres, so output `k` lies at `(k + 0.5) * (n / m) - 0.5` of the input, and tap indices that leave the line are
/// moved to its ends. Weights are those of SciPy's spline kernels, computed in float64 in SciPy's order of operations.
///
/// Order 3 weighs the B-spline *coefficients* of the line (`CubicPrefilter`), which has `padding` edge samples more on each end;
/// its indices count from the first padding sample. Orders 0 and 1 weigh the samples themselves.
public struct AxisTaps: Sendable {
  /// The degree of the interpolating spline: 0 (nearest), 1 (linear) or 3 (cubic).
  public let order: Int
  /// The number of input samples, without padding.
  public let inputCount: Int
  /// The number of output samples.
  public let outputCount: Int
  /// Edge samples before and behind the line: 12 for order 3 (SciPy's `zoom` in its mode "nearest"), else 0.
  public let padding: Int
  /// Taps for each output sample: `order + 1`.
  public let width: Int
  /// The taps' places in the padded line, `[output sample, tap]`.
  public let indices: [Int]
  /// The taps' weights, `[output sample, tap]`.
  public let weights: [Double]

  /// Samples of edge padding around a line that is filtered for cubic interpolation.
  static let cubicPadding = 12

  /// The table that resizes an axis of `n` samples to `m`.
  ///
  /// Halves go up at order 0: an output sample midway between two inputs takes the second.
  ///
  /// - Throws: `PreprocessingError` unless `order` is 0, 1 or 3 and both counts are positive.
  public static func make(order: Int, from n: Int, to m: Int) throws -> AxisTaps {
    guard order == 0 || order == 1 || order == 3 else {
      throw PreprocessingError(
        .unsupportedPlan,
        "resampling with splines of order \(order) is not supported; the plans must ask for order 0, 1 or 3")
    }
    guard n > 0, m > 0 else {
      throw PreprocessingError(
        .emptyResult, "resampling an axis of \(n) voxels to \(m) is impossible; both must be at least 1")
    }
    let padding = order == 3 ? cubicPadding : 0
    let last = n + 2 * padding - 1
    let width = order + 1
    var indices: [Int] = []
    var weights: [Double] = []
    indices.reserveCapacity(m * width)
    weights.reserveCapacity(m * width)
    let scale = Double(n) / Double(m)
    for k in 0..<m {
      // Three separate roundings, as NumPy's; a fused multiply-add would move exact halves.
      var place = Double(k) + 0.5
      place *= scale
      place -= 0.5
      place += Double(padding)
      let first: Int
      if order == 0 {
        first = Int((place + 0.5).rounded(.down))
        weights.append(1)
      } else {
        let floor = place.rounded(.down)
        first = Int(floor) - order / 2
        appendWeights(order: order, fraction: place - floor, to: &weights)
      }
      for tap in 0..<width { indices.append(min(max(first + tap, 0), last)) }
    }
    return AxisTaps(
      order: order, inputCount: n, outputCount: m, padding: padding, width: width, indices: indices, weights: weights)
  }

  /// The B-spline's values at the taps of a sample that lies `t` (0 up to 1) behind the first middle tap. The last is what is
  /// missing to 1, as in SciPy (`ni_splines.c`, `get_spline_interpolation_weights`).
  private static func appendWeights(order: Int, fraction t: Double, to weights: inout [Double]) {
    let u = 1 - t
    if order == 1 {
      weights += [u, 1 - u]
    } else {
      let first = u * u * u / 6
      let second = (t * t * (t - 2) * 3 + 4) / 6
      let third = (u * u * (u - 2) * 3 + 4) / 6
      weights += [first, second, third, 1 - first - second - third]
    }
  }
}
