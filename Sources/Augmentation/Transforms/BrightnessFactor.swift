/// Multiplies channels (batchgenerators: augment_brightness_multiplicative).
public struct BrightnessFactor: Hashable, Sendable {
  /// By channel.
  public var factors: [Double]

  public init(factors: [Double]) {
    self.factors = factors
  }

  public func apply(to sample: Sample) {
    for (channel, factor) in factors.enumerated() {
      let values = sample.image.channel(channel)
      let factor = Float(factor)
      for index in values.indices { values[index] *= factor }
    }
  }
}
