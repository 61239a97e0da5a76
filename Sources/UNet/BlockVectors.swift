internal import Kernels
internal import ModelPlans

/// What a block has for each output channel, beside its convolution's weights: what is subtracted from the convolution, what multiplies,
/// what is added, and a floor where the normalisation has one.
///
/// Batch normalisation is folded into the first three: at prediction its statistics are constants.
struct BlockVectors {
  private let base: UnsafeMutablePointer<Float>
  private let channels: Int

  /// - Parameter base: `count` times `channels` floats.
  init(_ base: UnsafeMutablePointer<Float>, channels: Int) {
    self.base = base
    self.channels = channels
  }

  static func count(_ block: BlockDescription) -> Int { block.normalization == .filterResponse ? 4 : 3 }

  private var centre: UnsafeMutablePointer<Float> { base }
  private var scale: UnsafeMutablePointer<Float> { base + channels }
  private var shift: UnsafeMutablePointer<Float> { base + 2 * channels }
  private var floor: UnsafeMutablePointer<Float> { base + 3 * channels }

  /// - Throws: `NetworkExecutionError` for parameters that don't fit, and what `weights` throws for a missing one.
  func fill(_ layer: NetworkLayer, _ block: BlockDescription, from weights: some NetworkWeights) throws {
    func read(_ name: String, into target: UnsafeMutablePointer<Float>) throws {
      try weights.read(name, channels) { target.update(from: $0, count: channels) }
    }
    centre.update(repeating: 0, count: channels)
    if layer.hasBias {
      try weights.read("\(layer.convolution).bias", channels) { bias in
        for channel in 0..<channels { centre[channel] = -bias[channel] }
      }
    }
    let name = layer.normalization
    guard block.normalization != .none else {
      scale.update(repeating: 1, count: channels)
      shift.update(repeating: 0, count: channels)
      return
    }
    try read("\(name).weight", into: scale)
    try read("\(name).bias", into: shift)
    if block.normalization == .filterResponse { try read("\(name).tau", into: floor) }
    if block.normalization == .batch { try foldStatistics(name, block, from: weights) }
  }

  /// `(x + bias - mean) / sqrt(variance + epsilon) * gamma + beta`: with `centre = mean - bias` the normalisation comes first; when the
  /// activation does, the bias stays and the mean goes into the shift.
  private func foldStatistics(_ name: String, _ block: BlockDescription, from weights: some NetworkWeights) throws {
    var isPossible = true
    try weights.read("\(name).running_var", channels) { variances in
      for channel in 0..<channels {
        let variance = Double(variances[channel]) + Double(block.epsilon)
        isPossible = isPossible && variance > 0
        scale[channel] = Float(Double(scale[channel]) / variance.squareRoot())
      }
    }
    guard isPossible else {
      throw NetworkExecutionError.impossibleParameter(name: "\(name).running_var", expected: "0 or above")
    }
    try weights.read("\(name).running_mean", channels) { means in
      for channel in 0..<channels {
        switch block.order {
        case .normalizationFirst: centre[channel] = Float(Double(means[channel]) + Double(centre[channel]))
        case .activationFirst:
          shift[channel] = Float(Double(shift[channel]) - Double(means[channel]) * Double(scale[channel]))
        }
      }
    }
  }

  /// What the block does after its convolution.
  func tail(_ layer: NetworkLayer, _ block: BlockDescription) -> BlockTail {
    let normalization: BlockTail.Normalization =
      switch block.normalization {
      case .none, .batch: .fixed
      case .instance: .instance(epsilon: block.epsilon)
      case .group(let groups): .group(groups, epsilon: block.epsilon)
      case .filterResponse: .filterResponse(epsilon: block.epsilon)
      }
    let activation: BlockActivation =
      switch block.activation {
      case _ where block.normalization == .filterResponse: .floor(floor)
      case _ where layer.residualPart == .shortcut: .none
      case .leakyReLU(let slope): .leakyReLU(slope: slope)
      case .relu: .leakyReLU(slope: 0)
      case .gelu: .gelu
      case .mish: .mish
      case .none: .none
      }
    return BlockTail(
      normalization: normalization, centre: centre, scale: scale, shift: shift, activation: activation,
      activatesFirst: block.order == .activationFirst)
  }
}
