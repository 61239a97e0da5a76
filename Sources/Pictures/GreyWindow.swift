internal import Volumes

/// Which intensities are black and which white, in numbers.
struct GreyWindow: Hashable, Sendable {
  let black: Float
  let white: Float

  /// Most voxels that are looked at; a larger volume is sampled evenly.
  private static let samples = 1 << 18
  /// The shares of the voxels that have content which may be darker than black and lighter than white.
  private static let lowerShare = 0.01
  private static let upperShare = 0.005

  init(_ window: IntensityWindow, for values: UnsafeMutableBufferPointer<Float>) {
    switch window {
    case .automatic: self.init(values)
    case .levels(let black, let white): self.init(black: black, white: white)
    }
  }

  private init(black: Float, white: Float) {
    self.black = black
    self.white = white
  }

  /// Between the 1st and the 99.5th percentile of the finite voxels that aren't 0, so that a large empty border doesn't count; soft tissue
  /// for CT.
  init(_ values: UnsafeMutableBufferPointer<Float>) {
    // An odd step doesn't fall in with rows of even length.
    let step = max(1, values.count / Self.samples) | 1
    var sample = stride(from: 0, to: values.count, by: step).map { values[$0] }.filter { $0.isFinite && $0 != 0 }
    sample.sort()
    guard let first = sample.first, let last = sample.last else {
      self.init(black: 0, white: 1)
      return
    }
    if Self.looksLikeHounsfieldUnits(sample), case .levels(let black, let white) = IntensityWindow.named[0].window {
      self.init(black: black, white: white)
      return
    }
    let lower = sample[Int(Double(sample.count - 1) * Self.lowerShare)]
    let upper = sample[Int(Double(sample.count - 1) * (1 - Self.upperShare))]
    // Zero is the background of most images: show it black where nothing is darker.
    let black = first > 0 ? 0 : lower
    self.init(black: black, white: upper > black ? upper : last > black ? last : black + 1)
  }

  /// Whether there is air (about -1000 HU) and tissue like water (about 0 HU), and nothing that CT doesn't have.
  ///
  /// MR has no negative intensities by itself; normalised MR lies within some units of 0.
  private static func looksLikeHounsfieldUnits(_ sorted: [Float]) -> Bool {
    let count = Float(sorted.count)
    func share(_ range: ClosedRange<Float>) -> Float { Float(sorted.count { range.contains($0) }) / count }
    // Fill values outside of the scanner's circle go down to -3024 HU and, of some vendors, -2048 HU.
    return sorted[0] >= -4096 && sorted[sorted.count - 1] <= 32_768 && share(-4096 ... -850) > 0.02
      && share(-250...350) > 0.05
  }

  /// 0 to 1; what isn't finite is black or white.
  func grey(_ value: Float) -> Float {
    let share = (value - black) / (white - black)
    // NaN also where the window is wider than float32 reaches.
    return share.isNaN ? 0 : min(max(share, 0), 1)
  }
}
