/// Spreads channels about their means, within the ranges that they had (batchgenerators: augment_contrast).
public struct Contrast: Hashable, Sendable {
  /// By channel.
  public var factors: [Double]

  public init(factors: [Double]) {
    self.factors = factors
  }

  public func apply(to sample: Sample) {
    for (channel, factor) in factors.enumerated() {
      let values = sample.image.channel(channel)
      let statistics = ChannelStatistics(of: values)
      let (mean, factor) = (Float(statistics.mean), Float(factor))
      let (lower, upper) = (statistics.lower, statistics.upper)
      for index in values.indices {
        let value = (values[index] - mean) * factor + mean
        values[index] = min(max(value, lower), upper)
      }
    }
  }
}
