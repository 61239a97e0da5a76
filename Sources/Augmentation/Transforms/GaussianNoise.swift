public import RandomStreams

/// Adds independent normal numbers to every voxel of every channel (batchgenerators: augment_gaussian_noise).
public struct GaussianNoise: Hashable, Sendable {
  /// What batchgenerators calls a variance and uses as a standard deviation.
  public var deviation: Double

  public init(deviation: Double) {
    self.deviation = deviation
  }

  /// - Parameter random: gives the numbers, two at a time.
  public func apply(to sample: Sample, from random: inout RandomStream) {
    let values = sample.image.elements
    for index in stride(from: 0, to: values.count, by: 2) {
      let (first, second) = random.normals()
      values[index] = Float(Double(values[index]) + deviation * first)
      if index + 1 < values.count { values[index + 1] = Float(Double(values[index + 1]) + deviation * second) }
    }
  }
}
