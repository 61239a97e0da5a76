internal import Preprocessing

/// For each output sample along one axis, the two input samples that it lies between and their weights: `AxisTaps` of order 0 or 1
/// in the shape that streaming wants.
///
/// The upper sample never decreases from one output sample to the next, and is at most one above the lower: so with the last two
/// planes at hand, a volume can be streamed along this axis.
struct AxisInterpolation: Sendable {
  let inputCount: Int
  let lower: [Int]
  let upper: [Int]
  let lowerWeight: [Double]
  let upperWeight: [Double]

  var count: Int { lower.count }

  /// - Parameter order: 0 takes the nearest sample, 1 interpolates linearly.
  init(order: Int, from length: Int, to count: Int) throws {
    precondition(order == 0 || order == 1, "only these need no more than two samples")
    let taps = try AxisTaps.make(order: order, from: length, to: count)
    inputCount = length
    lower = (0..<count).map { taps.indices[$0 * taps.width] }
    lowerWeight = (0..<count).map { taps.weights[$0 * taps.width] }
    upper = order == 0 ? lower : (0..<count).map { taps.indices[$0 * taps.width + 1] }
    upperWeight =
      order == 0 ? [Double](repeating: 0, count: count) : (0..<count).map { taps.weights[$0 * taps.width + 1] }
  }
}
