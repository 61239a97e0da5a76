internal import Glibc

/// Raises channels, scaled to 0 up to 1, to a power; range, then mean and deviation become again what they were (batchgenerators:
/// augment_gamma with retain_stats).
public struct Gamma: Hashable, Sendable {
  /// The power, by channel.
  public var powers: [Double]
  /// Whether the image is turned into its negative for the while.
  public var isInverted: Bool

  private static let smallRange = 1e-7
  private static let smallDeviation = 1e-8

  public init(powers: [Double], isInverted: Bool) {
    self.powers = powers
    self.isInverted = isInverted
  }

  public func apply(to sample: Sample) {
    let sign: Float = isInverted ? -1 : 1
    for (channel, power) in powers.enumerated() {
      let values = sample.image.channel(channel)
      if isInverted { for index in values.indices { values[index] = -values[index] } }
      let before = ChannelStatistics(of: values)
      let range = Float(Double(before.upper - before.lower) + Self.smallRange)
      let (lower, power) = (before.lower, Float(power))
      for index in values.indices { values[index] = powf((values[index] - lower) / range, power) * range + lower }
      let after = ChannelStatistics(of: values)
      let factor = before.deviation / (after.deviation + Self.smallDeviation)
      for index in values.indices {
        values[index] = sign * Float((Double(values[index]) - after.mean) * factor + before.mean)
      }
    }
  }
}
