internal import Glibc
internal import Kernels

/// Normalisations and activations of the slow twin. Vectors hold a value for each channel.
extension ReferenceTensor {
  /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`.
  func normalized(mean: [Double], variance: [Double], gamma: [Double], beta: [Double], epsilon: Double)
    -> ReferenceTensor
  {
    mapped { (value, channel) in
      (value - mean[channel]) / (variance[channel] + epsilon).squareRoot() * gamma[channel] + beta[channel]
    }
  }

  /// As `normalized`, with mean and biased variance over the voxels and the channels of each group; groups are neighbouring
  /// channels, and instance normalisation is that with as many groups as channels.
  func groupNormalized(groups: Int, gamma: [Double], beta: [Double], epsilon: Double) -> ReferenceTensor {
    let width = channels / groups
    let count = width * voxels(extent)
    var means: [Double] = []
    var variances: [Double] = []
    for group in 0..<groups {
      let values = values[group * count..<(group + 1) * count]
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      means += [Double](repeating: mean, count: width)
      variances += [Double](repeating: variance, count: width)
    }
    return normalized(mean: means, variance: variances, gamma: gamma, beta: beta, epsilon: epsilon)
  }

  /// `max(x / sqrt(mean(x^2) + epsilon) * gamma + beta, threshold)` with the mean over each channel's voxels.
  func filterResponseNormalized(gamma: [Double], beta: [Double], threshold: [Double], epsilon: Double)
    -> ReferenceTensor
  {
    let count = voxels(extent)
    let squares = (0..<channels).map { channel in
      values[channel * count..<(channel + 1) * count].reduce(0) { $0 + $1 * $1 } / Double(count)
    }
    return mapped { (value, channel) in
      max(value / (squares[channel] + epsilon).squareRoot() * gamma[channel] + beta[channel], threshold[channel])
    }
  }

  func leakyReLU(slope: Double) -> ReferenceTensor { mapped { (value, _) in value > 0 ? value : slope * value } }

  /// `x` times the probability that a standard normal variable is at most `x`.
  func gelu() -> ReferenceTensor { mapped { (value, _) in value * 0.5 * erfc(-value / 2.0.squareRoot()) } }

  func mish() -> ReferenceTensor {
    mapped { (value, _) in value * tanh(value > 0 ? value + log1p(exp(-value)) : log1p(exp(value))) }
  }

  private func mapped(_ transform: (_ value: Double, _ channel: Int) -> Double) -> ReferenceTensor {
    let count = voxels(extent)
    var result = self
    for index in values.indices { result.values[index] = transform(values[index], index / count) }
    return result
  }
}
