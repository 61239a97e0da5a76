internal import Volumes

/// Which intensities are black and which white.
struct GreyWindow {
  let black: Float
  let white: Float

  /// Most voxels that are looked at; a larger volume is sampled evenly.
  private static let samples = 1 << 18
  /// The shares of the voxels that have content which may be darker than black and lighter than white.
  private static let lowerShare = 0.01
  private static let upperShare = 0.005

  /// Between the 1st and the 99.5th percentile of the finite voxels that aren't 0, so that a large empty border doesn't count.
  init(_ values: UnsafeMutableBufferPointer<Float>) {
    // An odd step doesn't fall in with rows of even length.
    let step = max(1, values.count / Self.samples) | 1
    var sample = stride(from: 0, to: values.count, by: step).map { values[$0] }.filter { $0.isFinite && $0 != 0 }
    sample.sort()
    guard let first = sample.first, let last = sample.last else {
      (black, white) = (0, 1)
      return
    }
    let lower = sample[Int(Double(sample.count - 1) * Self.lowerShare)]
    let upper = sample[Int(Double(sample.count - 1) * (1 - Self.upperShare))]
    // Zero is the background of most images: show it black where nothing is darker.
    black = first > 0 ? 0 : lower
    white = upper > black ? upper : last > black ? last : black + 1
  }

  /// 0 to 1; what isn't finite is black or white.
  func grey(_ value: Float) -> Float {
    let share = (value - black) / (white - black)
    // NaN also where the window is wider than float32 reaches.
    return share.isNaN ? 0 : min(max(share, 0), 1)
  }
}
