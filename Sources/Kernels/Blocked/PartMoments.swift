/// Mean and biased variance of each channel, put together from those of the parts that a layer is computed in.
///
/// A part is a place in the output, such as a brick of tiles, never a thread: parts are combined in their order, in double, by
/// Chan's formula (Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances, 1979). So the
/// result is the same for any number of threads, and a mean far from zero costs no digits.
public struct PartMoments {
  let parts: Int
  /// Padded.
  let channels: Int
  /// Voxels of each part.
  private let counts: UnsafeMutablePointer<Double>
  /// `[part][channel]`.
  private let means: UnsafeMutablePointer<Double>
  /// `[part][channel]`: sums of squared deviations from the part's mean.
  private let deviations: UnsafeMutablePointer<Double>

  /// Doubles of memory.
  public static func doubles(parts: Int, channels: Int) -> Int {
    parts * (1 + 2 * BlockedTensor.blocks(channels) * BlockedTensor.lanes)
  }

  /// - Parameter base: `doubles(parts:channels:)`.
  public init(base: UnsafeMutablePointer<Double>, parts: Int, channels: Int) {
    self.parts = parts
    self.channels = BlockedTensor.blocks(channels) * BlockedTensor.lanes
    counts = base
    means = counts + parts
    deviations = means + parts * self.channels
  }

  /// Records one block of channels of one part.
  /// - Parameter moments: mean and squared deviations of a lane.
  @inline(__always)
  func record(part: Int, block: Int, count: Int, _ moments: (_ lane: Int) -> (mean: Double, deviations: Double)) {
    if block == 0 { counts[part] = Double(count) }
    let place = part * channels + block * BlockedTensor.lanes
    for lane in 0..<BlockedTensor.lanes { (means[place + lane], deviations[place + lane]) = moments(lane) }
  }

  /// Mean and biased variance of one channel over all parts.
  func combined(channel: Int) -> (mean: Double, variance: Double) {
    var total = 0.0
    var sum = 0.0
    for part in 0..<parts {
      total += counts[part]
      sum += counts[part] * means[part * channels + channel]
    }
    let mean = sum / total
    var squares = 0.0
    for part in 0..<parts {
      let distance = means[part * channels + channel] - mean
      squares += deviations[part * channels + channel] + counts[part] * distance * distance
    }
    return (mean, squares / total)
  }

  /// Turns the moments into what the next layer applies: `scale = gamma / sqrt(variance + epsilon)`, `shift = beta - mean * scale`.
  /// - Parameters:
  ///   - gamma, beta: of each padded channel.
  ///   - scale, shift: receive one value for each padded channel.
  public func normalization(
    gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, epsilon: Float, scale: UnsafeMutablePointer<Float>,
    shift: UnsafeMutablePointer<Float>, pool: ComputePool
  ) {
    pool.forEach(channels) { channel, _ in
      let (mean, variance) = combined(channel: channel)
      let factor = Double(gamma[channel]) / (variance + Double(epsilon)).squareRoot()
      scale[channel] = Float(factor)
      shift[channel] = Float(Double(beta[channel]) - mean * factor)
    }
  }
}
