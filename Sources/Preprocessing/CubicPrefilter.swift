/// Turns samples into the coefficients of the cubic B-spline that passes through them (Unser, Aldroubi, Eden: B-spline signal
/// processing, IEEE Transactions on Signal Processing 41, 1993), as SciPy's `spline_filter1d` does with half-sample symmetric ends.
enum CubicPrefilter {
  /// The pole of the recursive filter, sqrt(3) - 2.
  static let pole = -0.267949192431122706472553658494127633
  /// The pole's powers beyond this one are below 1e-23 and can't change a float64 sum of samples.
  private static let horizon = 40

  /// Filters `lanes` lines at once, in place.
  ///
  /// - Parameters:
  ///   - lines: `[sample, lane]`, lane fastest, `count * lanes` elements.
  ///   - count: samples of a line; with its padding it has at least 25.
  static func filter(_ lines: UnsafeMutablePointer<Double>, count: Int, lanes: Int) {
    let z = pole
    let gain = (1 - z) * (1 - 1 / z)
    for index in 0..<count * lanes { lines[index] *= gain }
    initialiseCausal(lines, count: count, lanes: lanes)
    for sample in 1..<count {
      let line = lines + sample * lanes
      let before = line - lanes
      for lane in 0..<lanes { line[lane] += z * before[lane] }
    }
    let last = lines + (count - 1) * lanes
    let lastFactor = z / (z - 1)
    for lane in 0..<lanes { last[lane] *= lastFactor }
    for sample in stride(from: count - 2, through: 0, by: -1) {
      let line = lines + sample * lanes
      let behind = line + lanes
      for lane in 0..<lanes { line[lane] = z * (behind[lane] - line[lane]) }
    }
  }

  /// The first causal value: the sum over the line's mirror images, which goes on without end in both directions.
  private static func initialiseCausal(_ lines: UnsafeMutablePointer<Double>, count: Int, lanes: Int) {
    let z = pole
    var zToCount = 1.0
    for _ in 0..<count { zToCount *= z }
    let outer = z / (1 - zToCount * zToCount)
    for lane in 0..<lanes {
      let first = lines[lane]
      var sum = first + zToCount * lines[(count - 1) * lanes + lane]
      var power = z
      for sample in 1..<min(count, horizon) {
        sum += power * (lines[sample * lanes + lane] + zToCount * lines[(count - 1 - sample) * lanes + lane])
        power *= z
      }
      lines[lane] = first + outer * sum
    }
  }
}
